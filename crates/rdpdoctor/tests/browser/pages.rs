use std::fs;
use std::path::{Path, PathBuf};

use rdpdoctor_testbed::chromium::{Browser, Scheme, Seen};
use rdpdoctor_testbed::on_hand;

use crate::{axe, runs};

/// A phone and a desk.
const SIZES: [(&str, u32, u32); 2] = [("narrow", 360, 740), ("wide", 1280, 900)];
const SCHEMES: [(&str, Scheme); 2] = [("light", Scheme::Light), ("dark", Scheme::Dark)];
/// A folder for pictures and prints of all pages, for the eye.
const PICTURES: &str = "RDPDOCTOR_PICTURES";

/// Elements and attributes with which a page could do something.
const ACTIVE: &str = "[...document.querySelectorAll('*')].filter(element => \
     ['script', 'iframe', 'object', 'embed', 'img', 'form', 'input', 'base'].includes(element.localName) \
     || [...element.attributes].some(attribute => attribute.name.startsWith('on'))).map(element => element.outerHTML)";
/// Elements whose content is wider than they are, the page itself included.
const OVERFLOWING: &str = "[document.documentElement, ...document.querySelectorAll('body *')] \
     .filter(e => e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0 && getComputedStyle(e).overflowX === 'visible' \
     && getComputedStyle(e).display !== 'inline' && !(e instanceof SVGElement)).map(e => e.outerHTML.slice(0, 200))";
const OPEN_ALL: &str = "document.querySelectorAll('details').forEach(details => { details.open = true })";

#[test]
fn every_page_is_accessible_and_still() {
    let Some(script) = on_hand(axe::script()) else { return };
    let Some(mut browser) = on_hand(Browser::start()) else { return };
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pages");
    fs::create_dir_all(&folder).unwrap();
    let faults: Vec<String> =
        runs::pages(&folder).iter().flat_map(|page| faults_of(page, &mut browser, &script)).collect();
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

fn faults_of(page: &Path, browser: &mut Browser, script: &str) -> Vec<String> {
    let name = page.file_stem().unwrap().to_string_lossy().into_owned();
    browser.open(page).unwrap();
    let mut faults = Vec::new();
    let active = browser.evaluate(ACTIVE).unwrap();
    if !active.as_array().unwrap().is_empty() {
        faults.push(format!("{name}: active elements: {active}"));
    }
    take_pictures(&name, browser);
    browser.evaluate(OPEN_ALL).unwrap();
    for ((size, width, height), (light, scheme)) in SIZES.into_iter().zip(SCHEMES) {
        browser.look(width, height, scheme).unwrap();
        let wrong = axe::violations(browser, script).unwrap();
        faults.extend(wrong.iter().map(|fault| format!("{name}, {size}, {light}: {fault}")));
        let wide = browser.evaluate(OVERFLOWING).unwrap();
        if !wide.as_array().unwrap().is_empty() {
            faults.push(format!("{name}, {size}: wider than it should be: {wide}"));
        }
    }
    if *browser.seen() != Seen::default() {
        faults.push(format!("{name}: {:?}", browser.seen()));
    }
    faults
}

fn take_pictures(name: &str, browser: &mut Browser) {
    let Some(folder) = std::env::var_os(PICTURES).map(PathBuf::from) else { return };
    fs::create_dir_all(&folder).unwrap();
    for (size, width, height) in SIZES {
        for (light, scheme) in SCHEMES {
            browser.look(width, height, scheme).unwrap();
            fs::write(folder.join(format!("{name}-{size}-{light}.png")), browser.picture().unwrap()).unwrap();
        }
    }
    fs::write(folder.join(format!("{name}.pdf")), browser.print().unwrap()).unwrap();
}
