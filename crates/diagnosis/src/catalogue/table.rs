/// The rows of a table with a header line: fields by comma, quotes around fields that hold one (RFC 4180, one line a row).
pub(crate) fn rows(text: &str) -> impl Iterator<Item = Vec<String>> {
    text.lines().skip(1).filter(|line| !line.is_empty()).map(fields)
}

/// The same without a copy, for tables in which no field holds a quote.
pub(super) fn borrowed(text: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    text.lines().skip(1).filter(|line| !line.is_empty()).map(cells)
}

fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut quoted = false;
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                push(&mut fields, '"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            other => push(&mut fields, other),
        }
    }
    fields
}

fn push(fields: &mut [String], letter: char) {
    if let Some(field) = fields.last_mut() {
        field.push(letter);
    }
}

fn cells(line: &'static str) -> Vec<&'static str> {
    let mut cells = Vec::with_capacity(9);
    let mut rest = Some(line);
    while let Some(text) = rest {
        let split = match text.strip_prefix('"').and_then(|quoted| quoted.split_once('"')) {
            Some((cell, after)) => (cell, after.strip_prefix(',')),
            None => text.split_once(',').map_or((text, None), |(cell, after)| (cell, Some(after))),
        };
        cells.push(split.0);
        rest = split.1;
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_quotes_and_empty_fields() {
        let read: Vec<_> = rows("head\na,\"b, \"\"c\"\"\",,d\n\n").collect();
        assert_eq!(read, [["a", "b, \"c\"", "", "d"]]);
    }

    #[test]
    fn borrows_quoted_and_empty_fields() {
        let read: Vec<_> = borrowed("head\na,\"b, c\",,d\n\n,\"x\"\n\"y\",\n").collect();
        assert_eq!(read, [vec!["a", "b, c", "", "d"], vec!["", "x"], vec!["y", ""]]);
    }
}
