//! The version of a program or library, by the resources of its file.

use std::fmt;
use std::str::FromStr;

use object::LittleEndian as LE;
use object::pe::{IMAGE_NT_OPTIONAL_HDR32_MAGIC, ImageDosHeader, ImageNtHeaders32, ImageNtHeaders64, RT_VERSION};
use object::read::pe::{ImageNtHeaders, optional_header_magic};
use thiserror::Error;

/// VS_VERSIONINFO: three lengths and "VS_VERSION_INFO" in UTF-16, padded to four bytes.
const FIXED_INFO: usize = 40;
/// VS_FIXEDFILEINFO.dwSignature.
const SIGNATURE: u32 = 0xFEEF_04BD;

/// Four numbers: 10.0.17763.1 is of build 17763.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileVersion(pub [u16; 4]);

/// A text is no version of four numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a version has four numbers up to 65535")]
pub struct VersionError;

impl FileVersion {
    /// The version (VS_FIXEDFILEINFO.dwFileVersionMS and LS) in the first version resource of a PE file; none where the
    /// bytes are none, or it has no version.
    pub fn of(file: &[u8]) -> Option<Self> {
        if optional_header_magic(file).ok()? == IMAGE_NT_OPTIONAL_HDR32_MAGIC {
            within::<ImageNtHeaders32>(file)
        } else {
            within::<ImageNtHeaders64>(file)
        }
    }

    fn fixed(resource: &[u8]) -> Option<Self> {
        let word = |place: usize| {
            let bytes = resource.get(FIXED_INFO..)?.get(4 * place..)?;
            bytes.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))
        };
        let halves = |word: u32| [word >> 16, word & 0xFFFF].map(|half| u16::try_from(half).unwrap_or_default());
        let [major, minor] = halves(word(2)?);
        let [build, revision] = halves(word(3)?);
        (word(0)? == SIGNATURE).then_some(Self([major, minor, build, revision]))
    }
}

/// Resources are three levels of tables: the kind, the name, the language.
fn within<Headers: ImageNtHeaders>(file: &[u8]) -> Option<FileVersion> {
    let mut offset = ImageDosHeader::parse(file).ok()?.nt_headers_offset().into();
    let (headers, directories) = Headers::parse(file, &mut offset).ok()?;
    let sections = headers.sections(file, offset).ok()?;
    let resources = directories.resource_directory(file, &sections).ok()??;
    let kinds = resources.root().ok()?.entries;
    let versions = kinds.iter().find(|kind| kind.name_or_id().id() == Some(RT_VERSION))?;
    let names = versions.data(resources).ok()?.table()?.entries;
    let languages = names.first()?.data(resources).ok()?.table()?.entries;
    let place = languages.first()?.data(resources).ok()?.data()?;
    let size = usize::try_from(place.size.get(LE)).ok()?;
    FileVersion::fixed(sections.pe_data_at(file, place.offset_to_data.get(LE))?.get(..size)?)
}

impl fmt::Display for FileVersion {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, build, revision] = self.0;
        write!(out, "{major}.{minor}.{build}.{revision}")
    }
}

impl FromStr for FileVersion {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, VersionError> {
        let numbers: Result<Vec<u16>, _> = text.trim().split('.').map(str::parse).collect();
        let numbers = numbers.map_err(|_| VersionError)?;
        numbers.try_into().map(Self).map_err(|_| VersionError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VA: u32 = 0x1000;
    const SERVER_2019: FileVersion = FileVersion([10, 0, 17763, 5458]);

    fn words(words: &[u32]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_le_bytes()).collect()
    }

    fn table(id: u32, place: u32) -> Vec<u8> {
        words(&[0, 0, 0, 1 << 16, id, place])
    }

    fn resources(kind: u32, version: FileVersion) -> Vec<u8> {
        const BELOW: u32 = 1 << 31;
        let [major, minor, build, revision] = version.0.map(u32::from);
        let mut info: Vec<u8> = [92_u16, 52, 0].into_iter().flat_map(u16::to_le_bytes).collect();
        info.extend("VS_VERSION_INFO\0\0".encode_utf16().flat_map(u16::to_le_bytes));
        info.extend(words(&[SIGNATURE, 0x10000, (major << 16) | minor, (build << 16) | revision]));
        info.resize(92, 0);
        let place = words(&[VA + 88, 92, 0, 0]);
        [table(kind, BELOW + 24), table(1, BELOW + 48), table(0x409, 72), place, info].concat()
    }

    /// A library of one section that holds these resources.
    fn library(wide: bool, resources: &[u8]) -> Vec<u8> {
        let mut optional = vec![0; if wide { 240 } else { 224 }];
        let directories = optional.len() - 16 * 8;
        optional[..2].copy_from_slice(&(if wide { 0x20b_u16 } else { 0x10b }).to_le_bytes());
        optional[directories - 4..directories].copy_from_slice(&16_u32.to_le_bytes());
        let size = u32::try_from(resources.len()).unwrap();
        optional[directories + 16..directories + 24].copy_from_slice(&words(&[VA, size]));
        let mut file = b"MZ".to_vec();
        file.resize(60, 0);
        file.extend(words(&[64]));
        file.extend(b"PE\0\0\x64\x86\x01\0");
        file.extend([0; 12]);
        file.extend([u8::try_from(optional.len()).unwrap(), 0, 0x22, 0x20]);
        file.extend(optional);
        file.extend(b".rsrc\0\0\0");
        let start = u32::try_from(file.len()).unwrap() + 32;
        file.extend(words(&[size, VA, size, start, 0, 0, 0, 0x4000_0040]));
        file.extend(resources);
        file
    }

    #[test]
    fn the_version_of_both_kinds_is_read() {
        for wide in [true, false] {
            let file = library(wide, &resources(16, SERVER_2019));
            assert_eq!(FileVersion::of(&file), Some(SERVER_2019), "{wide}");
        }
        assert_eq!(SERVER_2019.to_string(), "10.0.17763.5458");
        assert_eq!("10.0.17763.5458".parse(), Ok(SERVER_2019));
        for text in ["10.0.17763", "10.0.17763.70000", "1.2.3.4.5", ""] {
            assert_eq!(text.parse::<FileVersion>(), Err(VersionError), "{text}");
        }
    }

    #[test]
    fn what_has_no_version_has_none() {
        assert_eq!(FileVersion::of(&library(true, &resources(3, SERVER_2019))), None);
        assert_eq!(FileVersion::of(&library(true, &[])), None);
        assert_eq!(FileVersion::of(b"MZ"), None);
        assert_eq!(FileVersion::of(&[]), None);
        let mut unsigned = library(true, &resources(16, SERVER_2019));
        let at = unsigned.windows(4).position(|word| word == SIGNATURE.to_le_bytes()).unwrap();
        unsigned[at] = 0;
        assert_eq!(FileVersion::of(&unsigned), None);
    }

    #[test]
    fn a_file_that_is_cut_off_or_points_in_a_circle_ends() {
        let whole = library(true, &resources(16, SERVER_2019));
        for length in 0..whole.len() - 76 {
            let found = FileVersion::of(&whole[..length]);
            assert!(found.is_none_or(|found| found == SERVER_2019), "{length}");
        }
        let mut circle = resources(16, SERVER_2019);
        circle[20..24].copy_from_slice(&(1_u32 << 31).to_le_bytes());
        assert_eq!(FileVersion::of(&library(true, &circle)), None);
    }
}
