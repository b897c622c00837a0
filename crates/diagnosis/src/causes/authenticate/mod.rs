//! CredSSP, as far as it shows without credentials.

pub(super) mod clock_skew;
pub(super) mod credssp_outdated;
pub(super) mod ntlm_refused;
