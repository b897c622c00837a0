//! Marvin32, by which entries of a transaction log are known to be whole.

use super::cell::u32_at;

/// The seed of transaction logs.
const SEED: u64 = 0x82EF_4D88_7A4E_55C5;

/// The hash that transaction logs are checked with.
pub(super) fn hash(bytes: &[u8]) -> u64 {
    seeded(SEED, bytes)
}

fn seeded(seed: u64, bytes: &[u8]) -> u64 {
    let seed = seed.to_le_bytes();
    let mut state = (u32_at(&seed, 0).unwrap_or_default(), u32_at(&seed, 4).unwrap_or_default());
    let words = bytes.chunks_exact(4);
    let last = words.remainder().iter().rev().fold(0x80, |word, byte| (word << 8) | u32::from(*byte));
    for word in words.filter_map(|word| u32_at(word, 0)).chain([last, 0]) {
        state = mix(state, word);
    }
    u64::from(state.1) << 32 | u64::from(state.0)
}

fn mix((low, high): (u32, u32), word: u32) -> (u32, u32) {
    let low = low.wrapping_add(word);
    let high = high ^ low;
    let low = low.rotate_left(20).wrapping_add(high);
    let high = high.rotate_left(9) ^ low;
    let low = low.rotate_left(27).wrapping_add(high);
    (low, high.rotate_left(19))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Published with the runtime of .NET.
    #[test]
    fn known_answers() {
        const SEED: u64 = 0x004F_B61A_001B_DBCC;
        for (bytes, expected) in [
            (&[][..], 0x30ED_35C1_00CD_3C7D),
            (&[0xAF], 0x48E7_3FC7_7D75_DDC1),
            (&[0xE7, 0x0F], 0xB5F6_E1FC_485D_BFF8),
            (&[0x37, 0xF4, 0x95], 0xF0B0_7C78_9B8C_F7E8),
            (&[0x86, 0x42, 0xDC, 0x59], 0x7008_F2E8_7E9C_F556),
            (&[0x15, 0x3F, 0xB7, 0x98, 0x26], 0xE6C0_8C6D_A2AF_A997),
        ] {
            assert_eq!(seeded(SEED, bytes), expected, "{bytes:02x?}");
        }
    }
}
