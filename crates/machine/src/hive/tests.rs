use super::testing::{Builder, NOWHERE};
use super::*;
use crate::registry::Data;

/// `SYSTEM` with `Select\Current` 1 and `ControlSet001\Control\Terminal Server`.
fn small() -> Builder {
    let mut hive = Builder::new();
    let root = hive.key(NOWHERE, "ROOT");
    let set = hive.key(root, "ControlSet001");
    let select = hive.key(root, "Select");
    let control = hive.key(set, "Control");
    let server = hive.key(control, "Terminal Server");
    for (key, list, children) in
        [(root, "lh", &[set, select][..]), (set, "lf", &[control][..]), (control, "li", &[server][..])]
    {
        let list = hive.list(list, children);
        hive.below(key, u32::try_from(children.len()).unwrap(), list);
    }
    let current = hive.dword("Current", 1);
    hive.values(select, &[current]);
    let denied = hive.dword("fDenyTSConnections", 1);
    let product = hive.text("ProductVersion", "5.1");
    let unnamed = hive.text("", "nothing");
    hive.values(server, &[denied, product, unnamed]);
    hive
}

fn names(key: &Key<'_>) -> Vec<String> {
    key.subkeys().flatten().map(|key| key.name()).collect()
}

#[test]
fn keys_and_values_are_read() {
    let hive = small().open().unwrap();
    assert_eq!(hive.state(), State::Clean);
    assert_eq!(names(&hive.root()), ["ControlSet001", "Select"]);
    assert_eq!(current_control_set(&hive).unwrap(), "ControlSet001");
    let server = hive.key(r"CONTROLSET001\control\\terminal server\").unwrap().unwrap();
    assert_eq!(server.last_written().unwrap().to_string(), "2022-06-18T04:26:40Z");
    assert_eq!(server.value("fdenytsconnections").unwrap().unwrap().data.dword(), Some(1));
    assert_eq!(server.value("ProductVersion").unwrap().unwrap().data, Data::of_text("5.1"));
    assert_eq!(server.value("").unwrap().unwrap().data, Data::of_text("nothing"));
    assert_eq!(server.values().flatten().count(), 3);
    assert_eq!(server.contents().unwrap().values.len(), 3);
}

#[test]
fn absent_is_an_answer() {
    let hive = small().open().unwrap();
    assert!(hive.key(r"ControlSet002\Control").unwrap().is_none());
    assert!(hive.root().value("Current").unwrap().is_none());
    assert!(hive.root().security().is_err());
}

#[test]
fn every_version_has_its_number() {
    for minor in 2..=7 {
        let mut hive = small();
        hive.minor = minor;
        assert_eq!(hive.open().is_ok(), (3..=6).contains(&minor), "1.{minor}");
    }
}

#[test]
fn other_files_are_no_hives() {
    let open = |bytes: &[u8]| Hive::open(bytes.to_vec(), Vec::new()).unwrap_err();
    let file = small().file();
    assert_eq!(open(&[]), HiveError::NotAHive);
    assert_eq!(open(&file[..511]), HiveError::NotAHive);
    assert!(matches!(open(&file[..4096]), HiveError::Root(Damage { offset: 4128, what: Defect::Outside })));
    assert_eq!(open(&testing::log_header(&file, 6, 1)), HiveError::IsALog);
}

#[test]
fn lists_are_divided_by_an_index_root() {
    let mut hive = Builder::new();
    let root = hive.key(NOWHERE, "R");
    let keys: Vec<u32> = ["A", "B", "C", "D", "E"].iter().map(|name| hive.key(root, name)).collect();
    let leaves = [hive.list("lf", &keys[..2]), hive.list("li", &keys[2..3]), hive.list("lh", &keys[3..])];
    let index = hive.list("ri", &leaves);
    hive.below(root, 5, index);
    assert_eq!(names(&hive.open().unwrap().root()), ["A", "B", "C", "D", "E"]);
}

#[test]
fn an_index_root_below_another_is_damage() {
    let mut hive = Builder::new();
    let root = hive.key(NOWHERE, "R");
    let key = hive.key(root, "A");
    let leaf = hive.list("lf", &[key]);
    let inner = hive.list("ri", &[leaf]);
    let outer = hive.list("ri", &[inner, leaf]);
    hive.below(root, 1, outer);
    let hive = hive.open().unwrap();
    assert_eq!(names(&hive.root()), ["A"]);
    assert!(hive.root().subkey("A").unwrap().is_some());
    assert!(matches!(hive.root().subkey("B").unwrap_err().what, Defect::Missing(_)));
}

#[test]
fn a_walk_ends_where_keys_point_in_circles() {
    let mut hive = Builder::new();
    let root = hive.key(NOWHERE, "R");
    let child = hive.key(root, "A");
    let list = hive.list("lh", &[child, child, root]);
    hive.below(root, 3, list);
    hive.below(child, 3, list);
    let hive = hive.open().unwrap();
    let child = hive.key("A").unwrap().unwrap();
    assert_eq!(names(&hive.root()), ["A"]);
    assert!(names(&child).is_empty());
    assert!(child.subkeys().all(|key| matches!(key.unwrap_err().what, Defect::Misplaced)));
}

#[test]
fn keys_end_at_the_depth_that_windows_has() {
    let mut hive = Builder::new();
    let mut key = hive.key(NOWHERE, "R");
    for _ in 0..600 {
        let child = hive.key(key, "A");
        let list = hive.list("li", &[child]);
        hive.below(key, 1, list);
        key = child;
    }
    let hive = hive.open().unwrap();
    assert!(hive.key(&r"A\".repeat(512)).unwrap().is_some());
    assert_eq!(hive.key(&r"A\".repeat(513)).unwrap_err().what, Defect::Depth);
}

#[test]
fn a_damaged_neighbour_keeps_absent_from_being_said() {
    let mut hive = Builder::new();
    let root = hive.key(NOWHERE, "R");
    let whole = hive.key(root, "Whole");
    let gone = hive.deleted(b"nk");
    let list = hive.list("lh", &[gone, 0x10_0000, whole]);
    hive.below(root, 3, list);
    let hive = hive.open().unwrap();
    let damage: Vec<Damage> = hive.root().subkeys().filter_map(Result::err).collect();
    let expected = [(u64::from(gone) + 4096, Defect::Deleted), (0x10_1000, Defect::Outside)];
    assert_eq!(damage, expected.map(|(offset, what)| Damage { offset, what }));
    assert!(hive.key("Whole").unwrap().is_some());
    assert_eq!(hive.key("Other").unwrap_err(), damage[0]);
    assert_eq!(damage[1].to_string(), "no cell at 0x101000");
}

#[test]
fn a_cut_list_tells_what_it_has() {
    let mut hive = Builder::new();
    let root = hive.key(NOWHERE, "R");
    let key = hive.key(root, "A");
    let list = hive.list("lf", &[key]);
    hive.patch(list, 4 + 2, &900_u16.to_le_bytes());
    hive.below(root, 900, list);
    let hive = hive.open().unwrap();
    assert_eq!(names(&hive.root()), ["A"]);
    assert_eq!(hive.key("B").unwrap_err().what, Defect::Count);
}

/// A root with one value; `make` puts down its cell.
fn with_value(minor: u32, make: impl FnOnce(&mut Builder) -> u32) -> Hive {
    let mut hive = Builder::new();
    hive.minor = minor;
    let root = hive.key(NOWHERE, "R");
    let value = make(&mut hive);
    hive.values(root, &[value]);
    hive.open().unwrap()
}

fn data(hive: &Hive) -> Result<Vec<u8>, Defect> {
    let value = hive.root().value("v").map_err(|damage| damage.what)?;
    Ok(value.unwrap().data.bytes)
}

#[test]
fn data_lies_in_the_value_in_a_cell_or_in_segments() {
    assert_eq!(data(&with_value(5, |hive| hive.value("v", 3, 0x8000_0002, 0xDDCC_BBAA))), Ok(vec![0xAA, 0xBB]));
    assert_eq!(data(&with_value(5, |hive| hive.value("v", 3, 0x8000_0005, 0))), Err(Defect::Data));
    assert_eq!(data(&with_value(5, |hive| hive.value("v", 3, 0, NOWHERE))), Ok(Vec::new()));
    let in_cell = |size| {
        with_value(5, |hive| {
            let cell = hive.cell(&[7; 12]);
            hive.value("v", 3, size, cell)
        })
    };
    assert_eq!(data(&in_cell(12)), Ok(vec![7; 12]));
    assert_eq!(data(&in_cell(13)), Err(Defect::Data));
    assert_eq!(
        data(&with_value(3, |hive| {
            let cell = hive.cell(&vec![7; 20_000]);
            hive.value("v", 3, 20_000, cell)
        })),
        Ok(vec![7; 20_000])
    );
}

fn segmented(size: u32, segments: &[usize]) -> Hive {
    with_value(5, |hive| {
        let cells: Vec<u32> = segments.iter().map(|length| hive.cell(&vec![9; *length])).collect();
        let list: Vec<u8> = cells.iter().flat_map(|cell| cell.to_le_bytes()).collect();
        let list = hive.cell(&list);
        let mut record = b"db".to_vec();
        record.extend(u16::try_from(segments.len()).unwrap().to_le_bytes());
        record.extend(list.to_le_bytes());
        let record = hive.cell(&record);
        hive.value("v", 3, size, record)
    })
}

#[test]
fn big_data_is_put_together() {
    assert_eq!(data(&segmented(16_344 * 2 + 5, &[16_344, 16_344, 5])), Ok(vec![9; 16_344 * 2 + 5]));
    assert_eq!(data(&segmented(16_344 * 2 + 5, &[16_344, 16_344])), Err(Defect::Data));
    assert_eq!(data(&segmented(16_344 + 100, &[100, 16_344])), Err(Defect::Short));
    assert_eq!(data(&segmented(0x7FFF_FFFF, &[16_344])), Err(Defect::Data));
}

#[test]
fn names_are_extended_ascii_or_utf_16() {
    let hive = with_value(5, |hive| {
        let value = hive.value("\u{20AC}\0", 4, 0x8000_0004, 1);
        hive.patch(value, 4 + 2, &2_u16.to_le_bytes());
        hive.patch(value, 4 + 16, &[0, 0]);
        hive.patch(value, 4 + 20, &0x20AC_u16.to_le_bytes());
        value
    });
    assert!(hive.root().value("€").unwrap().is_some());
    let hive = with_value(5, |hive| {
        let value = hive.value("x", 4, 0x8000_0004, 1);
        hive.patch(value, 4 + 20, &[0xE9]);
        value
    });
    assert!(hive.root().value("É").unwrap().is_some());
}

#[test]
fn values_that_share_data_do_not_add_up() {
    let mut hive = Builder::new();
    let root = hive.key(NOWHERE, "R");
    let cell = hive.cell(&[1; 3000]);
    let values: Vec<u32> = ["a", "b", "c"].map(|name| hive.value(name, 3, 3000, cell)).to_vec();
    hive.values(root, &values);
    let hive = hive.open().unwrap();
    let read: Vec<bool> = hive.root().values().map(|value| value.is_ok()).collect();
    assert_eq!(read, [true, false, false]);
}

#[test]
fn security_descriptors_are_shared() {
    let mut hive = Builder::new();
    let root = hive.key(NOWHERE, "R");
    let mut security = b"sk\0\0".to_vec();
    let own = hive.next();
    for field in [own, own, 1, 5] {
        security.extend(field.to_le_bytes());
    }
    security.extend([1, 2, 3, 4, 5]);
    let security = hive.cell(&security);
    hive.patch(root, 4 + 44, &security.to_le_bytes());
    assert_eq!(hive.open().unwrap().root().security(), Ok(&[1, 2, 3, 4, 5][..]));
}

#[test]
fn a_selected_control_set_must_be_one() {
    let select = |number| {
        let mut hive = Builder::new();
        let root = hive.key(NOWHERE, "R");
        let select = hive.key(root, "Select");
        let list = hive.list("lh", &[select]);
        hive.below(root, 1, list);
        let current = hive.dword("Current", number);
        hive.values(select, &[current]);
        current_control_set(&hive.open().unwrap())
    };
    assert_eq!(select(12), Ok("ControlSet012".to_owned()));
    assert_eq!(select(0), Err(ControlSetError::Senseless));
    assert_eq!(select(1000), Err(ControlSetError::Senseless));
    let mut hive = Builder::new();
    hive.key(NOWHERE, "R");
    assert_eq!(current_control_set(&hive.open().unwrap()), Err(ControlSetError::Absent));
}

#[test]
fn a_cut_hive_is_read_as_far_as_it_goes() {
    let file = small().file();
    for length in (4096..file.len()).step_by(4) {
        if let Ok(hive) = Hive::open(file[..length].to_vec(), Vec::new()) {
            names(&hive.root());
        }
    }
}
