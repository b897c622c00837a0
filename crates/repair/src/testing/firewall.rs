//! A firewall that keeps its rules in memory.

use rdpdoctor_machine::change::Unchanged;
use rdpdoctor_machine::firewall::Rule;
use rdpdoctor_machine::{Answer, Machine as _, Unreadable};

use super::World;

const RULES: &str = r"HKLM\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy\FirewallRules";

/// Its rules, and whether they are on.
pub(super) type Rules = Vec<(Rule, bool)>;

impl World {
    /// With a running firewall, which has read its rules.
    pub(crate) fn guarded(self) -> Self {
        let values = self.key(RULES).unwrap().unwrap_or_default().values;
        let texts = values.iter().filter_map(|value| value.data.text());
        let rules = texts.filter_map(|text| Some((Rule::read(&text)?, text.contains("|Active=TRUE|")))).collect();
        *self.firewall.borrow_mut() = Some(rules);
        self
    }

    pub(super) fn is_on(&self, rule: &str) -> Answer<bool> {
        self.of_rule(rule, |on| *on)
    }

    pub(super) fn switch(&self, rule: &str, wanted: bool) -> Result<(), Unchanged> {
        self.of_rule(rule, |on| *on = wanted)?.ok_or(Unchanged::Absent)
    }

    fn of_rule<T>(&self, rule: &str, of: impl FnOnce(&mut bool) -> T) -> Answer<T> {
        let mut firewall = self.firewall.borrow_mut();
        let rules = firewall.as_mut().ok_or(Unreadable::NoAnswer)?;
        let known = rules.iter_mut().map(|(rule, on)| (rule.clone(), on));
        Ok(Rule::read(rule).and_then(|rule| rule.only(known, |_| None)).map(of))
    }
}
