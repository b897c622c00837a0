//! What the first sectors of a volume say of it.

use std::io::{Read, Seek, SeekFrom};

use crate::Unreadable;

/// File records have 1 or 4 KiB.
const LARGEST_RECORD: usize = 64 << 10;
/// The record of $Volume.
const VOLUME: u64 = 3;
/// $VOLUME_INFORMATION.
const VOLUME_INFORMATION: u32 = 0x70;
const END: u32 = 0xffff_ffff;
/// Bit of the volume's flags: Windows shall check it at the next start.
const IS_DIRTY: u16 = 0x0001;

/// What a volume holds, by its first sector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VolumeKind {
    /// NTFS.
    Ntfs,
    /// A volume that BitLocker encrypts: unlock it first.
    BitLocker,
    /// Anything else.
    Other,
}

/// What a volume, or an image of one, holds.
pub fn kind(volume: &mut impl Read) -> Result<VolumeKind, Unreadable> {
    let mut sector = [0; 11];
    volume.read_exact(&mut sector).map_err(|error| super::files::unreadable(&error))?;
    Ok(match &sector[3..] {
        b"NTFS    " => VolumeKind::Ntfs,
        b"-FVE-FS-" => VolumeKind::BitLocker,
        _ => VolumeKind::Other,
    })
}

/// Whether an NTFS volume is marked for a check by Windows.
pub fn is_dirty(volume: &mut (impl Read + Seek)) -> Result<bool, Unreadable> {
    let mut sector = [0; 512];
    read_at(volume, 0, &mut sector)?;
    let (at, size) = volume_record(&sector).ok_or_else(|| damaged("the boot sector"))?;
    let mut record = vec![0; size];
    read_at(volume, at, &mut record)?;
    flags(&mut record).map(|flags| flags & IS_DIRTY != 0).ok_or_else(|| damaged("the record of $Volume"))
}

fn damaged(what: &str) -> Unreadable {
    Unreadable::Damaged(format!("{what} is not as NTFS has it"))
}

fn read_at(volume: &mut (impl Read + Seek), at: u64, into: &mut [u8]) -> Result<(), Unreadable> {
    let read = volume.seek(SeekFrom::Start(at)).and_then(|_| volume.read_exact(into));
    read.map_err(|error| super::files::unreadable(&error))
}

/// Where the record of $Volume is and how long, from the boot sector.
fn volume_record(sector: &[u8]) -> Option<(u64, usize)> {
    if sector.get(3..11)? != b"NTFS    " {
        return None;
    }
    let bytes_per_sector = u64::from(word(sector, 0x0b)?);
    let per_cluster = size_of(*sector.get(0x0d)?, bytes_per_sector, 0x80)?;
    let record = size_of(*sector.get(0x40)?, per_cluster, 0x80)?;
    let first: u64 = u64::from_le_bytes(sector.get(0x30..0x38)?.try_into().ok()?);
    let at = first.checked_mul(per_cluster)?.checked_add(VOLUME.checked_mul(record)?)?;
    let size = usize::try_from(record).ok().filter(|size| (48..=LARGEST_RECORD).contains(size))?;
    Some((at, size))
}

/// A size is a count of units, or as a negative number a power of two of bytes; of sectors for large clusters.
fn size_of(count: u8, unit: u64, negative: u8) -> Option<u64> {
    if count <= negative {
        return u64::from(count).checked_mul(unit);
    }
    1_u64.checked_shl(u32::from(count.wrapping_neg()))
}

/// The flags of a volume from the record of $Volume.
fn flags(record: &mut [u8]) -> Option<u16> {
    restore(record)?;
    let mut at = usize::from(word(record, 0x14)?);
    loop {
        let kind = long(record, at)?;
        let length = usize::try_from(long(record, at + 4)?).ok()?;
        if kind == END || length < 0x18 {
            return None;
        }
        if kind == VOLUME_INFORMATION {
            let value = at + usize::from(word(record, at + 0x14)?);
            return word(record, value + 10);
        }
        at = at.checked_add(length)?;
    }
}

/// Puts back the last two bytes of each 512, which NTFS replaces to notice torn writes.
fn restore(record: &mut [u8]) -> Option<()> {
    if record.get(..4)? != b"FILE" {
        return None;
    }
    let (first, count) = (usize::from(word(record, 4)?), usize::from(word(record, 6)?));
    let saved = record.get(first..first.checked_add(count.checked_mul(2)?)?)?.to_vec();
    let (check, words) = saved.split_first_chunk::<2>()?;
    for (sector, word) in record.chunks_exact_mut(512).zip(words.chunks_exact(2)) {
        let end = sector.get_mut(510..)?;
        if end != check {
            return None;
        }
        end.copy_from_slice(word);
    }
    Some(())
}

fn word(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?))
}

fn long(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[test]
    fn a_locked_volume_is_told_by_its_first_sector() {
        let of = |name: &[u8; 8]| kind(&mut Cursor::new([&[0xeb, 0x58, 0x90][..], name].concat()));
        assert_eq!(of(b"-FVE-FS-"), Ok(VolumeKind::BitLocker));
        assert_eq!(of(b"NTFS    "), Ok(VolumeKind::Ntfs));
        assert_eq!(of(b"MSDOS5.0"), Ok(VolumeKind::Other));
        assert!(kind(&mut Cursor::new([0; 4])).is_err());
    }

    /// A volume with clusters of one sector, whose file records begin at the second.
    fn volume(flags: u16) -> Vec<u8> {
        let mut bytes = vec![0_u8; 512 * 6];
        bytes[3..11].copy_from_slice(b"NTFS    ");
        bytes[0x0b..0x0e].copy_from_slice(&[0, 2, 1]); // 512 bytes a sector, one sector a cluster
        bytes[0x30] = 1; // the file records begin at the second cluster
        bytes[0x40] = 0xf7; // 2^9 bytes a record
        let record = &mut bytes[512 * 4..512 * 5];
        record[..8].copy_from_slice(b"FILE\x30\x00\x02\x00"); // two words saved at 0x30
        record[0x14] = 0x38; // attributes
        record[0x30..0x34].copy_from_slice(&[0xaa, 0xbb, 0, 0]);
        record[0x1fe..].copy_from_slice(&[0xaa, 0xbb]);
        record[0x38..0x40].copy_from_slice(&[0x70, 0, 0, 0, 0x28, 0, 0, 0]);
        record[0x38 + 0x14] = 0x18; // the value
        record[0x38 + 0x18 + 10..][..2].copy_from_slice(&flags.to_le_bytes());
        bytes
    }

    #[test]
    fn the_mark_of_a_check_is_read() {
        assert_eq!(is_dirty(&mut Cursor::new(volume(0))), Ok(false));
        assert_eq!(is_dirty(&mut Cursor::new(volume(IS_DIRTY))), Ok(true));
    }

    #[test]
    fn a_torn_or_strange_record_tells_nothing() {
        let damage = |at: usize, byte: u8| {
            let mut bytes = volume(1);
            bytes[at] = byte;
            is_dirty(&mut Cursor::new(bytes))
        };
        let record = 512 * 4;
        for (at, byte) in [(3, b'X'), (record, b'B'), (record + 0x1fe, 0), (record + 0x3c, 0), (record + 0x14, 0xff)] {
            assert!(matches!(damage(at, byte), Err(Unreadable::Damaged(_))), "{at:#x}");
        }
        assert!(damage(0x40, 0xc1).is_err(), "a record of 2^63 bytes");
        assert!(damage(0x37, 0xff).is_err(), "beyond any disk");
    }
}
