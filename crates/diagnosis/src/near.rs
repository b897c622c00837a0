//! What was probably meant where something is not known.

/// Ids that differ by more letters than this are not what was meant.
const FARTHEST: usize = 4;
const MOST_PROPOSALS: usize = 3;
const LONGEST: usize = 100;

/// The ids that differ least from what was typed, or that hold it: at most three, the nearest first.
pub fn near<'a>(typed: &str, ids: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let typed = typed.to_lowercase().replace(['_', ' '], "-");
    let distance = |id: &'a str| {
        let holds = typed.len() > 2 && (id.contains(&typed) || typed.contains(id));
        (if holds { 1 } else { edits(&typed, id) }, id)
    };
    // Half of a short word may not be wrong.
    let farthest = FARTHEST.min(typed.chars().count() / 2);
    let mut ranked: Vec<_> = ids.into_iter().map(distance).filter(|(distance, _)| *distance <= farthest).collect();
    ranked.sort_unstable();
    ranked.into_iter().map(|(_, id)| id).take(MOST_PROPOSALS).collect()
}

/// Letters to insert, delete or replace (Levenshtein), by one row of the table at a time.
fn edits(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().take(LONGEST).collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (line, letter) in from.chars().take(LONGEST).enumerate() {
        let mut diagonal = line;
        let mut left = line + 1;
        let mut next = vec![left];
        for (above, other) in row.iter().skip(1).zip(&to) {
            left = (diagonal + usize::from(letter != *other)).min(left + 1).min(above + 1);
            next.push(left);
            diagonal = *above;
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_counted() {
        assert_eq!(edits("", "abc"), 3);
        assert_eq!(edits("abc", "abc"), 0);
        assert_eq!(edits("kitten", "sitting"), 3);
    }

    #[test]
    fn near_misses_are_named_and_far_ones_not() {
        let ids = ["works-by-ip", "works-from-lan", "vpn"];
        assert_eq!(near("work-by-ip", ids), ["works-by-ip"]);
        assert_eq!(near("Works_By_IP", ids), ["works-by-ip"]);
        assert_eq!(near("works", ids), ["works-by-ip", "works-from-lan"]);
        assert!(near("nonsense", ids).is_empty());
        assert!(near("x", ids).is_empty());
    }
}
