//! Logs made by hand: what binary XML can say, and what must not bring the reader down.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests")]

use std::io;

use rdpdoctor_machine::event::Event;
use rdpdoctor_machine::evtx::{self, Defect, Filter, Summary};

const TIME: u64 = 0x01D6_8E35_0000_0000;
const CHUNK: usize = 0x1_0000;

#[test]
fn binary_xml_says_what_its_text_says() {
    let xml = r#"<Event xmlns="http://schemas.microsoft.com/win/2004/08/events/event"><System>
        <Provider Name="Schannel"/><EventID Qualifiers="3">36874</EventID><TimeCreated SystemTime="2020-09-19T03:19:58.7521024Z"/>
        <EventRecordID>7</EventRecordID></System><EventData><Data Name="a">x</Data><Data Name="a">y</Data>
        <Data>S-1-5-18&#65;&lt;</Data></EventData></Event>"#;
    let expected = Event { time: time(), ..evtx::from_xml(xml).unwrap() };
    assert_eq!(all(&log(&[record(512, 7, &values())])).1, std::slice::from_ref(&expected));
    assert_eq!(expected.data, [("a", "x"), ("a", "y"), ("", "S-1-5-18A<")].map(|(a, b)| (a.to_owned(), b.to_owned())));
    assert_eq!((expected.value("a"), expected.value("b"), expected.qualifiers), (Some("x"), None, Some(3)));
}

#[test]
fn null_leaves_out_attributes_and_elements() {
    let mut some = values();
    some[4] = (0, Vec::new());
    some[6] = (0, Vec::new());
    let (_, events) = all(&log(&[record(512, 7, &some)]));
    assert_eq!((events[0].data.len(), events[0].qualifiers), (2, None));
}

#[test]
fn xml_of_providers_keeps_paths_and_attributes() {
    let xml = r#"<Event><System><Provider Name="P"/><EventID>4294901761</EventID><TimeCreated SystemTime="2020-01-01T00:00:00Z"/>
        <Correlation ActivityID="{F4200000-0000-0000-0000-00000000000A}"/><Security UserID="S-1-5-20"/></System>
        <UserData><EventXML xmlns="Event_NS"><Address n="1">a&amp;b<![CDATA[<]]></Address><Empty/><Only n="2"/></EventXML></UserData>
        <RenderingInfo Culture="en"><Message>words</Message></RenderingInfo></Event>"#;
    let event = evtx::from_xml(xml).unwrap();
    let data: Vec<_> = event.data.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let expected =
        [("EventXML/Address/@n", "1"), ("EventXML/Address", "a&b<"), ("EventXML/Empty", ""), ("EventXML/Only/@n", "2")];
    assert_eq!(data, expected);
    assert_eq!((event.id, event.qualifiers, event.value("Address")), (1, Some(0xFFFF), Some("a&b<")));
    assert_eq!(event.activity.as_deref(), Some("{f4200000-0000-0000-0000-00000000000a}"));
    let binary = xml.replace("<UserData>", "<EventData><Binary>00ff</Binary></EventData><UserData>");
    assert_eq!(evtx::from_xml(&binary).unwrap().binary, Some(vec![0, 0xFF]));
}

#[test]
fn xml_that_is_no_event_is_refused() {
    assert_eq!(
        evtx::from_xml("<Event><System><EventID>1</EventID></System></Event>"),
        Err(Defect::Missing("TimeCreated"))
    );
    assert_eq!(evtx::from_xml("<Event/>"), Err(Defect::Missing("EventID")));
    assert_eq!(evtx::from_xml("<Event>"), Err(Defect::Structure));
    assert_eq!(evtx::from_xml(&"<a>".repeat(40)), Err(Defect::Depth));
    assert_eq!(evtx::from_xml(&" ".repeat(2 << 20)), Err(Defect::Swollen));
    assert!(matches!(evtx::from_xml("<Event></System>"), Err(Defect::Xml(_))));
}

#[test]
fn only_what_is_wanted_is_handed_over() {
    let file = log(&records(&[7, 8]));
    let read = |wanted: &Filter| read(&file, wanted, 1).1.len();
    assert_eq!(read(&Filter::default().with("SCHANNEL", 36874)), 2);
    assert_eq!(read(&Filter::default().with("Schannel", 36888)), 0);
    assert_eq!(read(&Filter::default().with("TermDD", 36874)), 0);
    assert_eq!(read(&Filter::everything().since(time()).until(time())), 2);
    assert_eq!(read(&Filter::everything().since("2021-01-01T00:00:00Z".parse().unwrap())), 0);
}

#[test]
fn what_is_no_log_is_refused() {
    for bytes in [vec![], vec![0; 10], vec![0x41; 100_000]] {
        assert_eq!(evtx::read(&bytes[..], &Filter::everything(), 1, &mut |_| {}), Err(Defect::NotAnEventLog));
    }
}

#[test]
fn damaged_headers_are_told_and_read_past() {
    let sound = log(&[record(512, 7, &values())]);
    assert_eq!(told(&sound), ([].as_slice().to_vec(), 1));
    assert_eq!(told(&changed(&sound, 40)), (vec![(0, Defect::FileHeader)], 1));
    assert_eq!(told(&changed(&sound, 0)), (vec![(0, Defect::FileHeader)], 1));
    assert_eq!(told(&changed(&sound, 4096)), (vec![(4096, Defect::ChunkMark)], 1));
    assert_eq!(told(&changed(&sound, 4096 + 200)), (vec![(4096, Defect::ChunkHeader)], 1));
    assert_eq!(told(&changed(&sound, 4096 + 52)), (vec![(4096, Defect::ChunkHeader), (4608, Defect::ChunkRecords)], 1));
}

#[test]
fn damaged_records_do_not_hide_their_neighbours() {
    let records = records(&[7, 8, 9]);
    let second = 4608 + u64::try_from(records[0].len()).unwrap();
    let sound = log(&records);
    let at = |distance: u64| changed(&sound, usize::try_from(second + distance).unwrap());
    for (distance, defect, events) in [
        (0, Defect::RecordMark, 2),
        (4, Defect::RecordSize, 2),
        (28, Defect::Token(0xF3), 2),
        (30, Defect::Template, 2),
    ] {
        let (damage, found) = told(&at(distance));
        assert!(damage.contains(&(second, defect.clone())), "{distance}: {damage:?} instead of {defect}");
        assert_eq!(found, events);
    }
}

#[test]
fn cut_files_are_read_to_the_cut() {
    let records = records(&[7, 8]);
    let both = 4608 + records.concat().len();
    let file = log(&records);
    for length in (0..both + 8).chain([file.len() - 1]) {
        let Ok(summary) = evtx::read(&file[..length], &Filter::everything(), 1, &mut |_| {}) else { continue };
        assert_eq!(
            summary.matched,
            2 * u64::from(length >= both) + u64::from((both - records[1].len()..both).contains(&length))
        );
        assert!(length == 4096 || !summary.damaged.is_empty(), "{length}");
    }
}

#[test]
fn endless_and_swollen_templates_come_to_an_end() {
    let mut endless = Record { at: 512, id: 1, bytes: Vec::new() };
    endless.template(
        &|record, start| {
            record.put(b"\x0c\x01abcd").put(&u32::try_from(start).unwrap().to_le_bytes()).put(&[0; 4]);
        },
        &[],
    );
    assert_eq!(told(&log(&[endless.done()])).0, [(4608, Defect::Depth)]);

    let mut swollen = Record { at: 512, id: 1, bytes: Vec::new() };
    let long = vec![0x41; 40_000];
    swollen.template(
        &|record, _| {
            record.open("Event", "", None).put(&[2]);
            for _ in 0..1000 {
                record.put(&[0x0D, 0, 0, 1]);
            }
            record.put(&[4]);
        },
        &[(1, long)],
    );
    assert_eq!(told(&log(&[swollen.done()])).0, [(4608, Defect::Swollen)]);

    let mut deep = Record { at: 512, id: 1, bytes: Vec::new() };
    deep.template(
        &|record, _| {
            for _ in 0..100 {
                record.open("E", "", None).put(&[2]);
            }
        },
        &[],
    );
    assert_eq!(told(&log(&[deep.done()])).0, [(4608, Defect::Depth)]);
}

#[test]
fn threads_and_files_keep_their_order() {
    let chunks: Vec<Vec<u8>> = (0..100).map(|number| chunk(&[record(512, number, &values())])).collect();
    let file = [header(), chunks.concat()].concat();
    let ids: Vec<u64> = (0..100).collect();
    for threads in [0, 1, 2, 5] {
        let mut found = [Vec::new(), Vec::new(), Vec::new()];
        let files = [Ok(&file[..]), Err(io::ErrorKind::PermissionDenied.into()), Ok(&file[..])];
        let mut each = |number: usize, event: Event| found[number].push(event.record);
        let summaries = evtx::read_all(files, &Filter::everything(), threads, &mut each);
        assert_eq!(found, [ids.clone(), Vec::new(), ids.clone()]);
        assert_eq!(summaries[1], Err(Defect::Read(io::ErrorKind::PermissionDenied)));
        assert_eq!(summaries[2].as_ref().unwrap().last_record, Some(99));
    }
}

/// A character by its number has no plan, so that the template goes the long way; in `Event` itself it says nothing.
#[test]
fn both_ways_of_reading_give_the_same() {
    let text = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let null = || (0, Vec::new());
    let cases: [(Value, Value, Data); 4] = [
        ((1, text("x")), (1, text("y\0")), &[("EventXML/First", "x"), ("EventXML/In/Second", "y"), ("Last", "")]),
        (null(), (8, vec![7, 0, 0, 0]), &[("EventXML/In/Second", "7"), ("Last", "")]),
        ((0x86, vec![1, 0, 2, 0]), null(), &[("EventXML/First", "1"), ("EventXML/First", "2"), ("Last", "")]),
        (null(), null(), &[("EventXML", ""), ("Last", "")]),
    ];
    for (first, second, expected) in cases {
        let values = [&values()[..3], &[first, second]].concat();
        let [short, long] = [&b""[..], b"\x08A\0"].map(|character| all(&log(&[planned(character, &values)])).1);
        let data: Vec<_> = short[0].data.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(data, expected);
        assert_eq!(short, long);
    }
}

/// A record whose elements depend on the values 3 and 4.
fn planned(character: &[u8], values: &[Value]) -> Vec<u8> {
    let mut record = Record { at: 512, id: 7, bytes: Vec::new() };
    let value = |index: u8, kind: u8| [0x0E, index, 0, kind];
    record.template(
        &|record, _| {
            record.open("Event", "", None).put(&[2]).put(character).open("System", "", None).put(&[2]);
            record.open("Provider", "Name", None).put(&value(0, 1)).put(&[3]);
            record.open("EventID", "", None).put(&[2]).put(&value(1, 6)).put(&[4]);
            record.open("TimeCreated", "SystemTime", None).put(&value(2, 17)).put(&[3, 4]);
            record.open("UserData", "", None).put(&[2]).open("EventXML", "", None).put(&[2]);
            record.open("First", "", Some(3)).put(&[2]).put(&value(3, 1)).put(&[4]);
            record.open("In", "", Some(4)).put(&[2]).open("Second", "", None).put(&[2]).put(&value(4, 1));
            record.put(&[4, 4, 4]).open("Last", "", None).put(&[3, 4, 4]);
        },
        values,
    );
    record.done()
}

fn time() -> jiff::Timestamp {
    "1601-01-01T00:00:00Z".parse::<jiff::Timestamp>().unwrap()
        + jiff::SignedDuration::from_micros(i64::try_from(TIME / 10).unwrap())
        + jiff::SignedDuration::from_nanos(i64::try_from(TIME % 10 * 100).unwrap())
}

fn all(file: &[u8]) -> (Summary, Vec<Event>) {
    read(file, &Filter::everything(), 1)
}

fn read(file: &[u8], wanted: &Filter, threads: usize) -> (Summary, Vec<Event>) {
    let mut events = Vec::new();
    let summary = evtx::read(file, wanted, threads, &mut |event| events.push(event)).unwrap();
    (summary, events)
}

/// Where damage is told of, and the number of events.
fn told(file: &[u8]) -> (Vec<(u64, Defect)>, usize) {
    let (summary, events) = all(file);
    (summary.damaged.into_iter().map(|damage| (damage.offset, damage.what)).collect(), events.len())
}

fn changed(file: &[u8], at: usize) -> Vec<u8> {
    let mut file = file.to_vec();
    file[at] ^= 0xFF;
    file
}

fn log(records: &[Vec<u8>]) -> Vec<u8> {
    [header(), chunk(records)].concat()
}

fn header() -> Vec<u8> {
    let mut header = vec![0; 4096];
    header[..8].copy_from_slice(b"ElfFile\0");
    seal(&mut header, 120, 0);
    header
}

fn chunk(records: &[Vec<u8>]) -> Vec<u8> {
    let mut chunk = vec![0; 512];
    chunk.extend(records.concat());
    chunk[..8].copy_from_slice(b"ElfChnk\0");
    chunk[32..40].fill(0x7F);
    let end = u32::try_from(chunk.len()).unwrap();
    chunk[48..52].copy_from_slice(&end.to_le_bytes());
    let checksum = crc32fast::hash(&chunk[512..]);
    chunk[52..56].copy_from_slice(&checksum.to_le_bytes());
    seal(&mut chunk, 120, 512 - 128);
    chunk.resize(CHUNK, 0);
    chunk
}

/// Sets the checksum of a header: over its first bytes, and as many behind the checksum as told.
fn seal(header: &mut [u8], first: usize, behind: usize) {
    let checksum = crc32fast::hash(&[&header[..first], &header[128..128 + behind]].concat());
    header[124..128].copy_from_slice(&checksum.to_le_bytes());
}

type Value = (u8, Vec<u8>);
type Data<'a> = &'a [(&'a str, &'a str)];

fn values() -> Vec<Value> {
    let text = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    vec![
        (1, text("Schannel")),
        (6, 36874_u16.to_le_bytes().to_vec()),
        (17, TIME.to_le_bytes().to_vec()),
        (0x81, text("x\0y\0")),
        (19, vec![1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0]),
        (33, b"\x0f\x01\x01\x00\x00".to_vec()),
        (6, vec![3, 0]),
    ]
}

/// Records that follow one another in a chunk.
fn records(ids: &[u64]) -> Vec<Vec<u8>> {
    let mut at = 512;
    let next = |&id: &u64| {
        let record = record(at, id, &values());
        at += record.len();
        record
    };
    ids.iter().map(next).collect()
}

/// A record that begins at this offset of its chunk.
fn record(at: usize, id: u64, values: &[Value]) -> Vec<u8> {
    let mut record = Record { at, id, bytes: Vec::new() };
    let value = |index: u8, kind: u8| [0x0E, index, 0, kind];
    record.template(
        &|record, _| {
            record.open("Event", "", None).put(&[2]).open("System", "", None).put(&[2]);
            record.open("Provider", "Name", None).put(&value(0, 1)).put(&[3]);
            record.open("EventID", "Qualifiers", None).put(&value(6, 6)).put(&[2]).put(&value(1, 6)).put(&[4]);
            record.open("TimeCreated", "SystemTime", None).put(&value(2, 17)).put(&[3, 4]);
            record.open("EventData", "", None).put(&[2]);
            record.open("Data", "Name", None).put(b"\x05\x01\x01\0a\0\x02").put(&value(3, 0x81)).put(&[4]);
            record.open("Data", "", Some(4)).put(&[2]).put(&value(4, 19)).put(b"\x08A\0\x07\x01\0<\0");
            record.put(&[4]).put(&value(5, 33)).put(&[4, 4]);
        },
        values,
    );
    record.done()
}

struct Record {
    at: usize,
    id: u64,
    bytes: Vec<u8>,
}

impl Record {
    fn put(&mut self, bytes: &[u8]) -> &mut Self {
        self.bytes.extend(bytes);
        self
    }

    /// Where the next byte lies in the chunk.
    fn here(&self) -> usize {
        self.at + 24 + self.bytes.len()
    }

    fn name(&mut self, name: &str) -> &mut Self {
        let units: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let here = u32::try_from(self.here() + 4).unwrap();
        let length = u16::try_from(name.len()).unwrap();
        self.put(&here.to_le_bytes()).put(&[0; 6]).put(&length.to_le_bytes()).put(&units).put(&[0, 0])
    }

    fn open(&mut self, name: &str, attribute: &str, depends: Option<u16>) -> &mut Self {
        self.put(if attribute.is_empty() { &[0x01] } else { &[0x41] });
        self.put(&depends.unwrap_or(0xFFFF).to_le_bytes()).put(&[0; 4]).name(name);
        if attribute.is_empty() { self } else { self.put(&[0; 4]).put(&[6]).name(attribute) }
    }

    /// A template with what `fill` puts into it, which is also told where the template begins.
    fn template(&mut self, fill: &dyn Fn(&mut Self, usize), values: &[Value]) {
        self.put(b"\x0f\x01\x01\x00\x0c\x01abcd");
        let start = self.here() + 4;
        self.put(&u32::try_from(start).unwrap().to_le_bytes());
        self.put(&[0; 4]).put(b"abcd").put(&[0; 16]).put(b"\x0f\x01\x01\x00");
        fill(self, start);
        let size = u32::try_from(self.put(&[0]).here() - start - 24).unwrap();
        let at = start - self.at - 24 + 20;
        self.bytes[at..at + 4].copy_from_slice(&size.to_le_bytes());
        self.put(&u32::try_from(values.len()).unwrap().to_le_bytes());
        for (kind, value) in values {
            self.put(&u16::try_from(value.len()).unwrap().to_le_bytes()).put(&[*kind, 0]);
        }
        for (_, value) in values {
            self.put(value);
        }
    }

    fn done(&self) -> Vec<u8> {
        let size = u32::try_from(self.bytes.len() + 28).unwrap().to_le_bytes();
        [&b"**\0\0"[..], &size, &self.id.to_le_bytes(), &TIME.to_le_bytes(), &self.bytes, &size].concat()
    }
}
