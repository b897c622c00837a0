//! Newtypes over wire values: a name where the specification has one, hexadecimal where it has none.

use thiserror::Error;

/// A text that is neither a name of the specification nor hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("unknown {kind} {text:?}")]
pub struct UnknownName {
    /// What the text should have named.
    pub kind: &'static str,
    /// The text.
    pub text: String,
}

pub(crate) fn name_of<T: Copy + PartialEq>(table: &[(T, &'static str)], value: T) -> Option<&'static str> {
    table.iter().find(|(code, _)| *code == value).map(|(_, name)| *name)
}

pub(crate) fn value_of<T: Copy>(table: &[(T, &'static str)], text: &str) -> Option<T> {
    table.iter().find(|(_, name)| *name == text).map(|(code, _)| *code)
}

pub(crate) fn hexadecimal<T: TryFrom<u64>>(text: &str) -> Option<T> {
    let digits = text.strip_prefix("0x")?;
    let value = u64::from_str_radix(digits, 16).ok()?;
    T::try_from(value).ok()
}

/// `Display`, `FromStr` and, as a string, serde for a newtype with `name` and `from_name`.
macro_rules! named_value {
    ($name:ident($raw:ty), $width:literal) => {
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match self.name() {
                    Some(name) => f.pad(name),
                    None => f.pad(&format!(concat!("{:#0", $width, "x}"), self.0)),
                }
            }
        }

        impl std::str::FromStr for $name {
            type Err = crate::UnknownName;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::from_name(text)
                    .or_else(|| crate::names::hexadecimal(text).map(Self))
                    .ok_or_else(|| crate::UnknownName { kind: stringify!($name), text: text.to_owned() })
            }
        }

        impl From<$raw> for $name {
            fn from(value: $raw) -> Self {
                Self(value)
            }
        }

        #[cfg(feature = "serde")]
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        #[cfg(feature = "serde")]
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        #[cfg(feature = "serde")]
        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({
                    "type": "string",
                    "description": "the name in the specification, or 0x… where it has none",
                })
            }
        }
    };
}

/// An open newtype: one constant for each code point that the specification names.
macro_rules! open_code {
    ($(#[$meta:meta])* $name:ident($raw:ty), $width:literal { $($constant:ident = $value:literal $text:literal,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub $raw);

        impl $name {
            $(
                #[doc = concat!("`", $text, "`.")]
                pub const $constant: Self = Self($value);
            )*

            const NAMES: &'static [($raw, &'static str)] = &[$(($value, $text)),*];

            /// The name in the specification.
            pub fn name(self) -> Option<&'static str> {
                crate::names::name_of(Self::NAMES, self.0)
            }

            /// The value with this name in the specification.
            pub fn from_name(text: &str) -> Option<Self> {
                crate::names::value_of(Self::NAMES, text).map(Self)
            }
        }

        named_value!($name($raw), $width);
    };
}

/// A set of bits: one constant for each bit that the specification names; shown as an array of names.
macro_rules! flag_set {
    (
        $(#[$meta:meta])* $name:ident($raw:ty), zero $zero:ident $zero_name:expr,
        { $($constant:ident = $value:literal,)* }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub $raw);

        impl $name {
            /// No bit set.
            pub const $zero: Self = Self(0);
            $(
                #[doc = concat!("`", stringify!($constant), "`.")]
                pub const $constant: Self = Self($value);
            )*

            const NAMES: &'static [($raw, &'static str)] = &[$(($value, stringify!($constant))),*];
            const ZERO_NAME: Option<&'static str> = $zero_name;

            /// Whether every bit of `other` is set here.
            pub fn contains(self, other: Self) -> bool {
                self.0 & other.0 == other.0
            }

            /// Whether any bit of `other` is set here.
            pub fn intersects(self, other: Self) -> bool {
                self.0 & other.0 != 0
            }

            /// Whether no bit is set.
            pub fn is_empty(self) -> bool {
                self.0 == 0
            }

            /// The same set without the bits of `other`.
            #[must_use]
            pub fn without(self, other: Self) -> Self {
                Self(self.0 & !other.0)
            }

            /// The bits that are set, each alone, lowest first.
            pub fn iter(self) -> impl Iterator<Item = Self> {
                (0..<$raw>::BITS).map(|bit| Self(1 << bit)).filter(move |bit| self.contains(*bit))
            }

            /// The names of the bits that are set, hexadecimal for a bit without a name.
            pub fn names(self) -> Vec<String> {
                if self.is_empty() {
                    return Self::ZERO_NAME.map(str::to_owned).into_iter().collect();
                }
                let name = |bit: Self| crate::names::name_of(Self::NAMES, bit.0).map(str::to_owned);
                self.iter().map(|bit| name(bit).unwrap_or_else(|| format!("{:#x}", bit.0))).collect()
            }

            /// The set with exactly these names.
            pub fn from_names<T: AsRef<str>>(names: &[T]) -> Result<Self, crate::UnknownName> {
                names.iter().try_fold(Self(0), |set, text| Ok(set | Self::from_name(text.as_ref())?))
            }

            fn from_name(text: &str) -> Result<Self, crate::UnknownName> {
                if Self::ZERO_NAME == Some(text) {
                    return Ok(Self(0));
                }
                crate::names::value_of(Self::NAMES, text)
                    .or_else(|| crate::names::hexadecimal(text))
                    .map(Self)
                    .ok_or_else(|| crate::UnknownName { kind: stringify!($name), text: text.to_owned() })
            }
        }

        impl std::ops::BitOr for $name {
            type Output = Self;

            fn bitor(self, other: Self) -> Self {
                Self(self.0 | other.0)
            }
        }

        impl std::ops::BitOrAssign for $name {
            fn bitor_assign(&mut self, other: Self) {
                self.0 |= other.0;
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let names = self.names();
                if names.is_empty() { f.pad("none") } else { f.pad(&names.join("|")) }
            }
        }

        #[cfg(feature = "serde")]
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_seq(self.names())
            }
        }

        #[cfg(feature = "serde")]
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let names = Vec::<String>::deserialize(deserializer)?;
                Self::from_names(&names).map_err(serde::de::Error::custom)
            }
        }

        #[cfg(feature = "serde")]
        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({
                    "type": "array",
                    "items": { "type": "string" },
                    "description": "names in the specification, or 0x… for a bit that has none",
                })
            }
        }
    };
}
