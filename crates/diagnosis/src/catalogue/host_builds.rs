use std::sync::LazyLock;

use super::table;

/// Columns: build, nt_version, ntlm_releases, registry_releases, end_of_support, note, confidence, source.
const TABLE: &str = include_str!("../../../../data/host_builds.csv");

static BUILDS: LazyLock<Vec<Build>> = LazyLock::new(|| table::rows(TABLE).filter_map(|row| build(&row)).collect());

struct Build {
    version: (u8, u8),
    number: u16,
    releases: Vec<String>,
}

/// What may call itself by this version in NTLM (MS-NLMP 2.2.2.10): releases share builds, and what is no Windows borrows
/// them. Releases of Windows begin with `windows-`. Empty where the build is not known.
pub fn releases_with_build(major: u8, minor: u8, build: u16) -> Vec<&'static str> {
    let row = BUILDS.iter().find(|row| row.version == (major, minor) && row.number == build);
    row.map_or(Vec::new(), |row| row.releases.iter().map(String::as_str).collect())
}

fn build(row: &[String]) -> Option<Build> {
    let [build, version, ntlm, registry, ..] = row else { return None };
    let (major, minor) = version.split_once('.')?;
    // A build that NTLM is not known to give away is still that of the releases that carry it.
    let releases = if ntlm.is_empty() { registry } else { ntlm };
    Some(Build {
        version: (major.parse().ok()?, minor.parse().ok()?),
        number: build.parse().ok()?,
        releases: releases.split(';').map(str::to_owned).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builds_are_shared_by_releases() {
        assert_eq!(releases_with_build(10, 0, 20348), ["windows-server-2022"]);
        assert_eq!(releases_with_build(10, 0, 14393), ["windows-10-1607", "windows-server-2016"]);
        assert!(releases_with_build(10, 0, 19041).contains(&"windows-10-22h2"));
        assert_eq!(releases_with_build(6, 1, 7601), ["windows-7-sp1", "windows-server-2008-r2", "freerdp"]);
        assert_eq!(releases_with_build(6, 1, 0), ["samba"]);
    }

    #[test]
    fn an_unknown_build_is_nothing() {
        assert_eq!(releases_with_build(10, 0, 1), [""; 0]);
        assert_eq!(releases_with_build(6, 3, 20348), [""; 0]);
    }

    #[test]
    fn every_row_is_whole_sourced_and_sorted() {
        let rows: Vec<_> = table::rows(TABLE).collect();
        assert_eq!(rows.len(), BUILDS.len());
        for row in &rows {
            assert_eq!(row.len(), 8, "{row:?}");
            assert!(!row[6].is_empty() && !row[7].is_empty(), "{row:?}");
            assert!(!row[2].is_empty() || !row[3].is_empty(), "{row:?}");
        }
        assert!(BUILDS.is_sorted_by_key(|row| row.number), "sort the rows by build");
    }
}
