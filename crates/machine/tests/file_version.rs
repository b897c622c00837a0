//! Libraries that somebody else linked: those of Wine, where it is installed.

use std::path::Path;

use rdpdoctor_machine::version::FileVersion;

#[test]
fn the_version_of_wine_s_libraries_is_read() {
    let folders = ["/usr/lib/x86_64-linux-gnu/wine/x86_64-windows", "/usr/lib/i386-linux-gnu/wine/i386-windows"];
    for folder in folders {
        let file = Path::new(folder).join("kernel32.dll");
        let Ok(bytes) = std::fs::read(&file) else {
            eprintln!("skipped: there is no {}", file.display());
            continue;
        };
        let version = FileVersion::of(&bytes).expect("Windows' libraries have a version");
        let [major, _, build, _] = version.0;
        assert!(matches!(major, 5 | 6 | 10) && build > 2000, "{version}");
    }
}
