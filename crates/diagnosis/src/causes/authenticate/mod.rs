//! CredSSP: NTLM, Kerberos and what becomes of an account.

pub(super) mod account_disabled;
pub(super) mod account_expired;
pub(super) mod account_locked;
pub(super) mod account_restricted;
pub(super) mod bad_credentials;
pub(super) mod clock_skew;
pub(super) mod credssp_outdated;
pub(super) mod domain_trust_broken;
pub(super) mod domain_unreachable;
pub(super) mod entra_sign_in_required;
mod failed;
pub(super) mod kerberos_unavailable;
pub(super) mod logon_refused;
pub(super) mod logon_right_missing;
pub(super) mod ntlm_refused;
pub(super) mod password_expired;
mod remedies;
mod rights;
mod signs;
pub(super) mod smart_card_unusable;
pub(super) mod spn_mismatch;
