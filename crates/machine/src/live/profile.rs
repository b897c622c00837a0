//! Firewall profiles that are in force, through INetFwPolicy2.

use std::ffi::c_void;
use std::ptr;

use windows_sys::Win32::Foundation::{E_ACCESSDENIED, E_NOTIMPL, REGDB_E_CLASSNOTREG, RPC_E_CHANGED_MODE};
use windows_sys::Win32::System::Com::{
    CLSCTX_INPROC_SERVER, COINIT_MULTITHREADED, CoCreateInstance, CoInitializeEx, CoUninitialize,
};
use windows_sys::core::{GUID, HRESULT};

use crate::Unreadable;

static CLSID_NET_FW_POLICY2: GUID = GUID::from_u128(0xe2b3_c97f_6ae1_41ac_817a_f6f9_2166_d7dd);
static IID_INET_FW_POLICY2: GUID = GUID::from_u128(0x9832_5047_c671_4174_8d81_defc_d3f0_3186);

/// The bits of the profiles: 1 domain, 2 private, 4 public.
pub(super) fn active() -> Result<u32, Unreadable> {
    let _apartment = Apartment::enter()?;
    let policy = Policy::create()?;
    policy.current_profile_types()
}

/// The methods of INetFwPolicy2 up to the one that is called; those before it are never called, but for Release.
#[repr(C)]
struct Methods {
    query_interface: *const c_void,
    add_ref: *const c_void,
    release: unsafe extern "system" fn(*mut Object) -> u32,
    dispatch: [*const c_void; 4],
    current_profile_types: unsafe extern "system" fn(*mut Object, *mut i32) -> HRESULT,
}

#[repr(C)]
struct Object {
    methods: *const Methods,
}

struct Policy(*mut Object);

impl Policy {
    fn create() -> Result<Self, Unreadable> {
        let mut object = ptr::null_mut();
        // SAFETY: COM is initialised, the identifiers are statics, and the pointer is valid for writes.
        let result = unsafe {
            let (class, interface) = (&raw const CLSID_NET_FW_POLICY2, &raw const IID_INET_FW_POLICY2);
            CoCreateInstance(class, ptr::null_mut(), CLSCTX_INPROC_SERVER, interface, &raw mut object)
        };
        succeeded(result)?;
        if object.is_null() { Err(Unreadable::NoAnswer) } else { Ok(Self(object.cast())) }
    }

    fn current_profile_types(&self) -> Result<u32, Unreadable> {
        let mut types = 0;
        // SAFETY: the object is alive and implements the interface, whose eighth method this is.
        let result = unsafe { ((*(*self.0).methods).current_profile_types)(self.0, &raw mut types) };
        succeeded(result)?;
        Ok(types.cast_unsigned())
    }
}

impl Drop for Policy {
    fn drop(&mut self) {
        // SAFETY: the object is alive, and the only reference that we hold is given back once.
        unsafe { ((*(*self.0).methods).release)(self.0) };
    }
}

/// COM on this thread. Where it runs already, in whatever mode, it is left as it is.
struct Apartment {
    is_ours: bool,
}

impl Apartment {
    fn enter() -> Result<Self, Unreadable> {
        // SAFETY: the reserved pointer is null, and the call is undone once on the same thread.
        let result = unsafe { CoInitializeEx(ptr::null(), COINIT_MULTITHREADED.cast_unsigned()) };
        if result == RPC_E_CHANGED_MODE {
            return Ok(Self { is_ours: false });
        }
        succeeded(result)?;
        Ok(Self { is_ours: true })
    }
}

impl Drop for Apartment {
    fn drop(&mut self) {
        if self.is_ours {
            // SAFETY: it undoes our own CoInitializeEx, after the last object is released.
            unsafe { CoUninitialize() };
        }
    }
}

fn succeeded(result: HRESULT) -> Result<(), Unreadable> {
    match result {
        0.. => Ok(()),
        E_ACCESSDENIED => Err(Unreadable::Denied),
        E_NOTIMPL | REGDB_E_CLASSNOTREG => Err(Unreadable::NoAnswer),
        _ => Err(Unreadable::System(format!("the firewall answers 0x{result:08X}"))),
    }
}
