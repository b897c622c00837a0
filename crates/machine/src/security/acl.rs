use super::{DescriptorError, Sid, SidError, long, word};

/// The flag of an entry that is for what is created below, and not for the object itself.
pub const INHERIT_ONLY: u8 = 0x08;
/// The flag of an entry that came from the folder above.
pub const INHERITED: u8 = 0x10;

/// Revision of lists without object types, and with.
pub(super) const REVISION: u8 = 2;
const REVISION_DS: u8 = 4;
const HEADER: usize = 8;
const ACE_HEADER: usize = 4;
const HAS_OBJECT_TYPE: u32 = 1;
const HAS_INHERITED_TYPE: u32 = 2;

/// An access control list ([MS-DTYP] 2.4.5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acl {
    /// 2, or 4 with object types.
    pub revision: u8,
    /// Its entries, in order.
    pub aces: Vec<Ace>,
}

/// One entry of a list ([MS-DTYP] 2.4.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ace {
    /// An entry of a known kind.
    Entry(Entry),
    /// Any other, as it is stored. It grants and denies nothing here.
    Raw {
        /// Its type.
        kind: u8,
        /// How it is inherited.
        flags: u8,
        /// What follows the four bytes of its header.
        body: Vec<u8>,
    },
}

/// An entry of a known kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What it does.
    pub kind: AceKind,
    /// How it is inherited.
    pub flags: u8,
    /// The rights that it is about.
    pub mask: u32,
    /// What parts of the object it is about; only kinds with `Object` have it.
    pub object: ObjectTypes,
    /// Whom it is about.
    pub sid: Sid,
    /// What follows the SID: conditions.
    pub rest: Vec<u8>,
}

/// GUIDs of a part of the object and of what inherits the entry, as they are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ObjectTypes {
    /// ObjectType.
    pub object: Option<[u8; 16]>,
    /// InheritedObjectType.
    pub inherited: Option<[u8; 16]>,
}

/// What an entry does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AceKind {
    /// ACCESS_ALLOWED_ACE_TYPE.
    Allow,
    /// ACCESS_DENIED_ACE_TYPE.
    Deny,
    /// SYSTEM_AUDIT_ACE_TYPE.
    Audit,
    /// ACCESS_ALLOWED_OBJECT_ACE_TYPE.
    AllowObject,
    /// ACCESS_DENIED_OBJECT_ACE_TYPE.
    DenyObject,
    /// ACCESS_ALLOWED_CALLBACK_ACE_TYPE: on a condition.
    AllowCallback,
    /// ACCESS_DENIED_CALLBACK_ACE_TYPE: on a condition.
    DenyCallback,
    /// SYSTEM_MANDATORY_LABEL_ACE_TYPE.
    MandatoryLabel,
}

/// Kinds with their types and their names in SDDL.
pub(super) const KINDS: [(AceKind, u8, &str); 8] = [
    (AceKind::Allow, 0x00, "A"),
    (AceKind::Deny, 0x01, "D"),
    (AceKind::Audit, 0x02, "AU"),
    (AceKind::AllowObject, 0x05, "OA"),
    (AceKind::DenyObject, 0x06, "OD"),
    (AceKind::AllowCallback, 0x09, "XA"),
    (AceKind::DenyCallback, 0x0a, "XD"),
    (AceKind::MandatoryLabel, 0x11, "ML"),
];

impl AceKind {
    pub(super) fn has_object(self) -> bool {
        matches!(self, Self::AllowObject | Self::DenyObject)
    }
}

impl Acl {
    /// A list of these entries.
    pub fn of(aces: Vec<Ace>) -> Self {
        let has_object = aces.iter().filter_map(Ace::entry).any(|entry| entry.kind.has_object());
        Self { revision: if has_object { REVISION_DS } else { REVISION }, aces }
    }

    /// Reads one. Bytes that it has behind its entries are not kept.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, DescriptorError> {
        let size = word(bytes, 2).map_or(0, usize::from);
        let acl = bytes.get(..size).filter(|acl| acl.len() >= HEADER).ok_or(DescriptorError::Short)?;
        let count = word(acl, 4).ok_or(DescriptorError::Short)?;
        let mut rest = acl.get(HEADER..).unwrap_or_default();
        let mut aces = Vec::new();
        for _ in 0..count {
            let size = word(rest, 2).map(usize::from).filter(|size| *size >= ACE_HEADER);
            let (ace, further) =
                rest.split_at_checked(size.ok_or(DescriptorError::Short)?).ok_or(DescriptorError::Short)?;
            aces.push(Ace::read(ace)?);
            rest = further;
        }
        Ok(Self { revision: acl.first().copied().unwrap_or(REVISION), aces })
    }

    pub(super) fn to_bytes(&self) -> Result<Vec<u8>, DescriptorError> {
        let mut body = Vec::new();
        for ace in &self.aces {
            body.extend(ace.to_bytes()?);
        }
        let mut acl = vec![self.revision, 0];
        acl.extend(size(HEADER + body.len())?);
        acl.extend(size(self.aces.len())?);
        acl.extend([0, 0]);
        acl.extend(body);
        Ok(acl)
    }
}

impl Ace {
    /// An entry that grants.
    pub fn allow(mask: u32, sid: Sid) -> Self {
        let object = ObjectTypes::default();
        Self::Entry(Entry { kind: AceKind::Allow, flags: 0, mask, object, sid, rest: Vec::new() })
    }

    /// An entry that denies.
    pub fn deny(mask: u32, sid: Sid) -> Self {
        let object = ObjectTypes::default();
        Self::Entry(Entry { kind: AceKind::Deny, flags: 0, mask, object, sid, rest: Vec::new() })
    }

    /// The entry, where its kind is known.
    pub fn entry(&self) -> Option<&Entry> {
        match self {
            Self::Entry(entry) => Some(entry),
            Self::Raw { .. } => None,
        }
    }

    fn read(ace: &[u8]) -> Result<Self, DescriptorError> {
        let [kind, flags, _, _, body @ ..] = ace else { return Err(DescriptorError::Short) };
        let known = KINDS.iter().find(|(_, number, _)| number == kind).map(|(kind, ..)| *kind);
        match known.map(|known| (known, entry(known, *flags, body))) {
            Some((_, Ok(entry))) => Ok(Self::Entry(entry)),
            // Who is granted or denied must be readable; the rest need only survive.
            Some((AceKind::Allow | AceKind::Deny, Err(error))) => Err(error),
            _ => Ok(Self::Raw { kind: *kind, flags: *flags, body: body.to_vec() }),
        }
    }

    fn to_bytes(&self) -> Result<Vec<u8>, DescriptorError> {
        let (kind, flags, body) = match self {
            Self::Raw { kind, flags, body } => (*kind, *flags, body.clone()),
            Self::Entry(entry) => (entry.number(), entry.flags, entry.body()),
        };
        let mut ace = vec![kind, flags];
        ace.extend(size(ACE_HEADER + body.len())?);
        ace.extend(body);
        Ok(ace)
    }
}

impl Entry {
    /// Whether it is only for what is created below.
    pub fn is_inherit_only(&self) -> bool {
        self.flags & INHERIT_ONLY != 0
    }

    pub(super) fn is_about_a_part(&self) -> bool {
        self.kind.has_object() && self.object.object.is_some()
    }

    fn number(&self) -> u8 {
        KINDS.iter().find(|(kind, ..)| *kind == self.kind).map_or(0, |(_, number, _)| *number)
    }

    fn body(&self) -> Vec<u8> {
        let mut body = self.mask.to_le_bytes().to_vec();
        if self.kind.has_object() {
            let ObjectTypes { object, inherited } = self.object;
            let has = |given: Option<_>, bit| if given.is_some() { bit } else { 0 };
            let flags = has(object, HAS_OBJECT_TYPE) | has(inherited, HAS_INHERITED_TYPE);
            body.extend(flags.to_le_bytes());
            [object, inherited].into_iter().flatten().for_each(|guid| body.extend(guid));
        }
        body.extend(self.sid.to_bytes());
        body.extend(&self.rest);
        body
    }
}

fn entry(kind: AceKind, flags: u8, body: &[u8]) -> Result<Entry, DescriptorError> {
    let short = DescriptorError::Sid(SidError::Short);
    let mask = long(body, 0).ok_or(short)?;
    let after = body.get(4..).unwrap_or_default();
    let (object, after) = if kind.has_object() { object_types(after)? } else { (ObjectTypes::default(), after) };
    let (sid, length) = Sid::read(after)?;
    let rest = after.get(length..).unwrap_or_default().to_vec();
    Ok(Entry { kind, flags, mask, object, sid, rest })
}

fn object_types(bytes: &[u8]) -> Result<(ObjectTypes, &[u8]), DescriptorError> {
    let flags = long(bytes, 0).filter(|flags| flags & !(HAS_OBJECT_TYPE | HAS_INHERITED_TYPE) == 0);
    let flags = flags.ok_or(DescriptorError::Malformed)?;
    let mut rest = bytes.get(4..).unwrap_or_default();
    let mut next = |bit| {
        if flags & bit == 0 {
            return Ok(None);
        }
        let (guid, further) = rest.split_first_chunk::<16>().ok_or(DescriptorError::Short)?;
        rest = further;
        Ok::<_, DescriptorError>(Some(*guid))
    };
    let types = ObjectTypes { object: next(HAS_OBJECT_TYPE)?, inherited: next(HAS_INHERITED_TYPE)? };
    Ok((types, rest))
}

fn size(size: usize) -> Result<[u8; 2], DescriptorError> {
    u16::try_from(size).map(u16::to_le_bytes).map_err(|_| DescriptorError::TooLarge)
}
