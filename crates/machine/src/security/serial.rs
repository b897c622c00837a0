//! SIDs and descriptors in JSON and TOML: as text, and where SDDL would lose something, with the bytes behind it.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{Descriptor, Sid};
use crate::hex;

const BYTES: &str = " hex:";

impl Serialize for Sid {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Sid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl Serialize for Descriptor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = self.to_string();
        if text.parse().as_ref() == Ok(self) {
            return serializer.serialize_str(&text);
        }
        let bytes = self.to_bytes().map_err(serde::ser::Error::custom)?;
        serializer.serialize_str(&format!("{text}{BYTES}{}", hex::of(&bytes)))
    }
}

impl<'de> Deserialize<'de> for Descriptor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let Some((_, digits)) = text.split_once(BYTES) else { return text.parse().map_err(de::Error::custom) };
        let bytes = hex::read(digits).ok_or_else(|| de::Error::custom("no bytes in hexadecimal"))?;
        Self::read(&bytes).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn there_and_back(descriptor: &Descriptor) -> (String, Descriptor) {
        let text = toml::Value::try_from(descriptor).unwrap();
        (text.as_str().unwrap().to_owned(), text.try_into().unwrap())
    }

    #[test]
    fn a_sid_is_its_text() {
        let text = toml::Value::try_from(Sid::NETWORK_SERVICE).unwrap();
        assert_eq!(text.as_str(), Some("S-1-5-20"));
        assert_eq!(text.try_into(), Ok(Sid::NETWORK_SERVICE));
        assert!(toml::Value::from("NS").try_into::<Sid>().is_err());
    }

    #[test]
    fn a_descriptor_is_its_sddl() {
        let sddl = "O:SYG:SYD:PAI(A;;FA;;;SY)(A;;FR;;;NS)";
        let descriptor: Descriptor = sddl.parse().unwrap();
        assert_eq!(there_and_back(&descriptor), (sddl.to_owned(), descriptor));
    }

    #[test]
    fn what_sddl_would_lose_is_kept_in_bytes() {
        let mut descriptor: Descriptor = "O:SYD:(A;;FA;;;SY)".parse().unwrap();
        descriptor.control |= 0x0001; // SE_OWNER_DEFAULTED
        let (text, again) = there_and_back(&descriptor);
        assert!(text.starts_with("O:SYD:(A;;FA;;;SY) hex:01000580"), "{text}");
        assert_eq!(again, descriptor);
        for damaged in ["O:SY hex:0", "O:SY hex:zz", "O:SY hex:", "nothing"] {
            assert!(toml::Value::from(damaged).try_into::<Descriptor>().is_err(), "{damaged}");
        }
    }
}
