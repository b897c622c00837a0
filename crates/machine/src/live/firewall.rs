//! The running firewall, through INetFwPolicy2: the profiles in force, and its rules one by one.

use std::ffi::c_void;
use std::ptr;

use windows_sys::Win32::Foundation::{S_OK, VARIANT_FALSE, VARIANT_TRUE};
use windows_sys::Win32::UI::Shell::SHLoadIndirectString;
use windows_sys::core::{BSTR, GUID, HRESULT};

use super::com::{Apartment, Methods, Object, Unknown, succeeded};
use super::system::{narrow, wide};
use crate::Unreadable;
use crate::change::Unchanged;
use crate::firewall::{Rule, Traits};

static NET_FW_POLICY2: GUID = GUID::from_u128(0xe2b3_c97f_6ae1_41ac_817a_f6f9_2166_d7dd);
/// NET_FW_RULE_DIR_IN and NET_FW_ACTION_ALLOW.
const IN: i32 = 1;
const ALLOW: i32 = 1;
/// More rules than any Windows has.
const MOST_RULES: usize = 20_000;
const VT_DISPATCH: u16 = 9;

type Numbers = unsafe extern "system" fn(*mut c_void, *mut i32) -> HRESULT;
type Texts = unsafe extern "system" fn(*mut c_void, *mut BSTR) -> HRESULT;
type Objects = unsafe extern "system" fn(*mut c_void, *mut *mut c_void) -> HRESULT;
/// A method that is never called.
type Other = *const c_void;

/// The bits of the profiles: 1 domain, 2 private, 4 public.
pub(super) fn active_profiles() -> Result<u32, Unreadable> {
    let apartment = Apartment::enter()?;
    Ok(policy(&apartment)?.number(|it| it.current_profile_types)?.cast_unsigned())
}

/// Whether the rule that the registry writes so is switched on; none where the firewall has no such rule, or several.
pub(super) fn rule_in_force(text: &str) -> Result<Option<bool>, Unreadable> {
    let apartment = Apartment::enter()?;
    let Some(rule) = find(&apartment, text)? else { return Ok(None) };
    Ok(Some(rule.number(|it| it.enabled)? != VARIANT_FALSE))
}

pub(super) fn switch_rule(text: &str, on: bool) -> Result<(), Unchanged> {
    let apartment = Apartment::enter()?;
    let rule = find(&apartment, text)?.ok_or(Unchanged::Absent)?;
    let on = if on { VARIANT_TRUE } else { VARIANT_FALSE };
    // SAFETY: the object is alive, and the method takes a truth value.
    succeeded(unsafe { (rule.methods().put_enabled)(rule.raw(), on) })?;
    Ok(())
}

/// INetFwPolicy2 up to the last method that is called.
#[repr(C)]
struct PolicyMethods {
    unknown: Unknown,
    dispatch: [Other; 4],
    current_profile_types: Numbers,
    to_rules: [Other; 10],
    rules: Objects,
}

/// INetFwRules.
#[repr(C)]
struct RulesMethods {
    unknown: Unknown,
    dispatch: [Other; 4],
    to_new_enum: [Other; 4],
    new_enum: Objects,
}

/// IEnumVARIANT.
#[repr(C)]
struct EnumMethods {
    unknown: Unknown,
    next: unsafe extern "system" fn(*mut c_void, u32, *mut Variant, *mut u32) -> HRESULT,
}

/// INetFwRule.
#[repr(C)]
struct RuleMethods {
    unknown: Unknown,
    dispatch: [Other; 4],
    name: Texts,
    to_service: [Other; 5],
    service: Texts,
    put_service: Other,
    protocol: Numbers,
    put_protocol: Other,
    local_ports: Texts,
    to_direction: [Other; 9],
    direction: Numbers,
    to_enabled: [Other; 5],
    enabled: unsafe extern "system" fn(*mut c_void, *mut i16) -> HRESULT,
    put_enabled: unsafe extern "system" fn(*mut c_void, i16) -> HRESULT,
    grouping: Texts,
    put_grouping: Other,
    profiles: Numbers,
    to_action: [Other; 3],
    action: Numbers,
}

// SAFETY: the methods stand in the order of netfw.h.
unsafe impl Methods for PolicyMethods {
    const ID: GUID = GUID::from_u128(0x9832_5047_c671_4174_8d81_defc_d3f0_3186);
}

// SAFETY: as above.
unsafe impl Methods for RulesMethods {
    const ID: GUID = GUID::from_u128(0x9c4c_6277_5027_441e_afae_ca1f_542d_a009);
}

// SAFETY: the methods stand in the order of oaidl.h.
unsafe impl Methods for EnumMethods {
    const ID: GUID = GUID::from_u128(0x0002_0404_0000_0000_c000_0000_0000_0046);
}

// SAFETY: the methods stand in the order of netfw.h.
unsafe impl Methods for RuleMethods {
    const ID: GUID = GUID::from_u128(0xaf23_0d27_baba_4e42_aced_f524_f22c_fce2);
}

/// A VARIANT: its type, and what two pointers have room for.
#[repr(C)]
struct Variant {
    kind: u16,
    reserved: [u16; 3],
    object: *mut c_void,
    rest: *mut c_void,
}

fn policy(apartment: &Apartment) -> Result<Object<PolicyMethods>, Unreadable> {
    Object::create(apartment, &NET_FW_POLICY2)
}

fn find(apartment: &Apartment, text: &str) -> Result<Option<Object<RuleMethods>>, Unreadable> {
    let Some(wanted) = Rule::read(text) else { return Ok(None) };
    let rules: Object<RulesMethods> = policy(apartment)?.object(|it| it.rules)?;
    let each: Object<EnumMethods> = rules.object(|it| it.new_enum)?;
    let mut alike = Vec::new();
    for _ in 0..MOST_RULES {
        let Some(rule) = next(&each)? else { return Ok(wanted.only(alike, shown)) };
        let seen = seen(&rule)?;
        if seen.traits == wanted.traits {
            alike.push((seen, rule));
        }
    }
    Err(Unreadable::Damaged(format!("more than {MOST_RULES} rules")))
}

fn next(each: &Object<EnumMethods>) -> Result<Option<Object<RuleMethods>>, Unreadable> {
    let mut found = Variant { kind: 0, reserved: [0; 3], object: ptr::null_mut(), rest: ptr::null_mut() };
    let mut count = 0;
    // SAFETY: the object is alive, there is room for the one variant that is asked for, and the count is valid for writes.
    let result = unsafe { (each.methods().next)(each.raw(), 1, &raw mut found, &raw mut count) };
    succeeded(result)?;
    if result != S_OK || count == 0 {
        return Ok(None);
    }
    if found.kind != VT_DISPATCH {
        return Err(Unreadable::Damaged(format!("a rule of the type {}", found.kind)));
    }
    // SAFETY: a variant of this type holds a reference, which is ours.
    unsafe { Object::<Unknown>::own(found.object) }?.cast().map(Some)
}

fn seen(rule: &Object<RuleMethods>) -> Result<Rule, Unreadable> {
    let inward = rule.number(|it| it.direction)? == IN;
    let allows = rule.number(|it| it.action)? == ALLOW;
    let (protocol, profiles) = (rule.number(|it| it.protocol)?, rule.number(|it| it.profiles)?.cast_unsigned());
    let (ports, service) = (rule.text(|it| it.local_ports)?, rule.text(|it| it.service)?);
    Ok(Rule {
        name: rule.text(|it| it.name)?,
        group: rule.text(|it| it.grouping)?,
        traits: Traits::new(inward, allows, protocol, &ports, &service, profiles),
    })
}

/// What stands at a place such as `@FirewallAPI.dll,-28752`, in the language of Windows.
fn shown(place: &str) -> Option<String> {
    let (place, mut text) = (wide(place).ok()?, [0_u16; 1024]);
    // SAFETY: the place is terminated, the buffer valid for writes of the 1024 units, and the reserved pointer null.
    let result = unsafe { SHLoadIndirectString(place.as_ptr(), text.as_mut_ptr(), 1024, ptr::null()) };
    (result == S_OK).then(|| narrow(&text))
}

#[cfg(test)]
mod tests {
    use std::mem::offset_of;

    use super::*;

    #[test]
    fn methods_stand_where_netfw_h_has_them() {
        let slot = |offset: usize| offset / size_of::<Other>();
        assert_eq!(
            (slot(offset_of!(PolicyMethods, current_profile_types)), slot(offset_of!(PolicyMethods, rules))),
            (7, 18)
        );
        assert_eq!((slot(offset_of!(RulesMethods, new_enum)), slot(offset_of!(EnumMethods, next))), (11, 3));
        let rule = [
            (offset_of!(RuleMethods, name), 7),
            (offset_of!(RuleMethods, service), 13),
            (offset_of!(RuleMethods, protocol), 15),
            (offset_of!(RuleMethods, local_ports), 17),
            (offset_of!(RuleMethods, direction), 27),
            (offset_of!(RuleMethods, enabled), 33),
            (offset_of!(RuleMethods, put_enabled), 34),
            (offset_of!(RuleMethods, grouping), 35),
            (offset_of!(RuleMethods, profiles), 37),
            (offset_of!(RuleMethods, action), 41),
        ];
        assert!(rule.into_iter().all(|(offset, wanted)| slot(offset) == wanted));
        assert_eq!(size_of::<Variant>(), 8 + 2 * size_of::<usize>());
    }

    #[test]
    fn a_text_that_names_no_place_has_no_other() {
        assert_eq!(shown("@nosuch.dll,-1"), None);
    }
}
