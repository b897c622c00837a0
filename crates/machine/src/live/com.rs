//! Objects of COM, as far as we call them.

use std::ffi::c_void;
use std::ptr::{self, NonNull};

use windows_sys::Win32::Foundation::{
    E_ACCESSDENIED, E_NOTIMPL, REGDB_E_CLASSNOTREG, RPC_E_CHANGED_MODE, SysFreeString,
};
use windows_sys::Win32::System::Com::{
    CLSCTX_INPROC_SERVER, COINIT_MULTITHREADED, CoCreateInstance, CoInitializeEx, CoUninitialize,
};
use windows_sys::core::{BSTR, GUID, HRESULT};

use super::system::text_at;
use crate::Unreadable;

/// Units of the longest text that is read.
const LONGEST: usize = 32 << 10;

/// The methods of IUnknown, with which every interface begins.
#[repr(C)]
pub(super) struct Unknown {
    query_interface: unsafe extern "system" fn(*mut c_void, *const GUID, *mut *mut c_void) -> HRESULT,
    add_ref: *const c_void,
    release: unsafe extern "system" fn(*mut c_void) -> u32,
}

/// The methods of an interface.
///
/// # Safety
/// The structure is `repr(C)`, begins with [`Unknown`], and has the methods of the interface in their order.
pub(super) unsafe trait Methods {
    /// The interface.
    const ID: GUID;
}

// SAFETY: it is IUnknown.
unsafe impl Methods for Unknown {
    const ID: GUID = GUID::from_u128(0xc000_0000_0000_0046);
}

/// A reference to an object, which is given back when it is dropped.
pub(super) struct Object<M: Methods>(NonNull<*const M>);

impl<M: Methods> Object<M> {
    /// An object of this class, within our process.
    pub(super) fn create(_apartment: &Apartment, class: &GUID) -> Result<Self, Unreadable> {
        let mut object = ptr::null_mut();
        // SAFETY: COM is initialised, the identifiers are references, and the pointer is valid for writes.
        let result = unsafe { CoCreateInstance(class, ptr::null_mut(), CLSCTX_INPROC_SERVER, &M::ID, &raw mut object) };
        succeeded(result)?;
        // SAFETY: the call gave us a reference to this interface.
        unsafe { Self::own(object) }
    }

    /// Takes over a reference.
    ///
    /// # Safety
    /// The pointer is null, or a reference to this interface that nobody else gives back.
    pub(super) unsafe fn own(object: *mut c_void) -> Result<Self, Unreadable> {
        NonNull::new(object.cast()).map(Self).ok_or(Unreadable::NoAnswer)
    }

    /// The same object by another interface.
    pub(super) fn cast<N: Methods>(&self) -> Result<Object<N>, Unreadable> {
        let mut object = ptr::null_mut();
        // SAFETY: the object is alive, and the pointer valid for writes.
        let result = unsafe { (self.unknown().query_interface)(self.raw(), &N::ID, &raw mut object) };
        succeeded(result)?;
        // SAFETY: the call gave us a reference to that interface.
        unsafe { Object::own(object) }
    }

    /// What a method is given first.
    pub(super) fn raw(&self) -> *mut c_void {
        self.0.as_ptr().cast()
    }

    pub(super) fn methods(&self) -> &M {
        // SAFETY: an object begins with a pointer to its methods, which live as long as it does.
        unsafe { &**self.0.as_ptr() }
    }

    /// What a method writes that gives a number or a truth value.
    pub(super) fn number<T: Default>(
        &self,
        get: impl FnOnce(&M) -> unsafe extern "system" fn(*mut c_void, *mut T) -> HRESULT,
    ) -> Result<T, Unreadable> {
        let mut number = T::default();
        // SAFETY: the method is one of this object's, and the number valid for writes.
        succeeded(unsafe { get(self.methods())(self.raw(), &raw mut number) })?;
        Ok(number)
    }

    /// What a method writes that gives a text; empty where there is none.
    pub(super) fn text(
        &self,
        get: impl FnOnce(&M) -> unsafe extern "system" fn(*mut c_void, *mut BSTR) -> HRESULT,
    ) -> Result<String, Unreadable> {
        let mut text: BSTR = ptr::null();
        // SAFETY: the method is one of this object's, and the pointer valid for writes.
        succeeded(unsafe { get(self.methods())(self.raw(), &raw mut text) })?;
        // SAFETY: the text is null or terminated, and ours to free once.
        unsafe {
            let copy = text_at(text, LONGEST).unwrap_or_default();
            SysFreeString(text);
            Ok(copy)
        }
    }

    /// What a method writes that gives another object.
    pub(super) fn object<N: Methods>(
        &self,
        get: impl FnOnce(&M) -> unsafe extern "system" fn(*mut c_void, *mut *mut c_void) -> HRESULT,
    ) -> Result<Object<N>, Unreadable> {
        let mut object = ptr::null_mut();
        // SAFETY: the method is one of this object's, and the pointer valid for writes.
        succeeded(unsafe { get(self.methods())(self.raw(), &raw mut object) })?;
        // SAFETY: every object is one of IUnknown, and this reference is ours.
        unsafe { Object::<Unknown>::own(object) }?.cast()
    }

    fn unknown(&self) -> &Unknown {
        // SAFETY: the methods of every interface begin with those of IUnknown.
        unsafe { &*ptr::from_ref(self.methods()).cast() }
    }
}

impl<M: Methods> Drop for Object<M> {
    fn drop(&mut self) {
        // SAFETY: the object is alive, and the reference that we hold is given back once.
        unsafe { (self.unknown().release)(self.raw()) };
    }
}

/// COM on this thread, for longer than its objects. Where it runs already, in whatever mode, it is left as it is.
pub(super) struct Apartment {
    is_ours: bool,
}

impl Apartment {
    pub(super) fn enter() -> Result<Self, Unreadable> {
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

pub(super) fn succeeded(result: HRESULT) -> Result<(), Unreadable> {
    match result {
        0.. => Ok(()),
        E_ACCESSDENIED => Err(Unreadable::Denied),
        E_NOTIMPL | REGDB_E_CLASSNOTREG => Err(Unreadable::NoAnswer),
        _ => Err(Unreadable::System(format!("the firewall answers 0x{result:08X}"))),
    }
}
