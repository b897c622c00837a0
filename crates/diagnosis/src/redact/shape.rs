use serde_json::Value;

/// What the schema says of one place: the alternatives that may stand there.
pub(super) struct Shape<'a> {
    root: &'a Value,
    alternatives: Vec<&'a Value>,
}

impl<'a> Shape<'a> {
    pub(super) fn of(schema: &'a Value) -> Self {
        Self { root: schema, alternatives: expanded(schema, [schema].into_iter()) }
    }

    /// The place under this key of an object.
    pub(super) fn field(&self, key: &str) -> Self {
        let named = |node: &&'a Value| node.get("properties").and_then(|properties| properties.get(key));
        self.within(self.alternatives.iter().filter_map(named))
    }

    /// The place of each item of a list.
    pub(super) fn item(&self) -> Self {
        self.within(self.alternatives.iter().filter_map(|node| node.get("items")))
    }

    /// Whether this string is a word of the schema itself.
    pub(super) fn names(&self, string: &str) -> bool {
        let is_it = |value: &Value| value.as_str() == Some(string);
        let listed =
            |node: &&Value| node.get("enum").and_then(Value::as_array).is_some_and(|all| all.iter().any(is_it));
        self.alternatives.iter().any(|node| node.get("const").is_some_and(is_it) || listed(node))
    }

    fn within(&self, nodes: impl Iterator<Item = &'a Value>) -> Self {
        Self { root: self.root, alternatives: expanded(self.root, nodes) }
    }
}

/// More than any of our types has; a schema that goes round in circles ends here.
const MOST_ALTERNATIVES: usize = 500;

/// The nodes with all that they refer to and all their alternatives.
fn expanded<'a>(root: &'a Value, nodes: impl Iterator<Item = &'a Value>) -> Vec<&'a Value> {
    let mut all: Vec<&Value> = nodes.collect();
    let mut place = 0;
    while let Some(node) = all.get(place).copied().filter(|_| place < MOST_ALTERNATIVES) {
        place += 1;
        let referred =
            node.get("$ref").and_then(Value::as_str).and_then(|path| root.pointer(path.trim_start_matches('#')));
        all.extend(referred);
        for key in ["oneOf", "anyOf", "allOf"] {
            all.extend(node.get(key).and_then(Value::as_array).into_iter().flatten());
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_known_only_where_it_belongs() {
        let schema = schemars::schema_for!(crate::report::Report).to_value();
        let shape = Shape::of(&schema);
        assert!(shape.field("verdict").names("broken") && !shape.field("verdict").names("host"));
        let stage = shape.field("stages").item().field("stage");
        assert!(stage.names("host") && !stage.names("ts01"));
        assert!(!shape.field("target").field("host").names("host"));
        assert!(shape.field("evidence").field("attempts").item().field("ending").field("how").names("silent"));
    }
}
