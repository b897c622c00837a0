//! The name asked for, against the names that the server gives itself.

use crate::causes::certificate::names::{is_for, same_machine};
use crate::certificate::Certificate;
use crate::evidence::{Evidence, NtlmChallenge};
use crate::server::{challenge, served};
use crate::view::attempt_fact;

/// What the server's own names say of the name asked for.
pub(super) enum Identity {
    /// One of them is that name: the right machine, or one that is meant to answer for it.
    Same,
    /// NTLM and the certificate both name one other machine.
    Other { text: String, facts: Vec<String> },
    /// They do not tell.
    Unclear,
}

/// Compares NTLM's names and the certificate's with the one asked for. Aliases, balancers and clusters answer under names
/// that are not their own; a certificate for the name asked for acquits them.
pub(super) fn identity(evidence: &Evidence) -> Identity {
    let asked = &evidence.target.host;
    let Some((index, challenge)) = challenge(evidence) else { return Identity::Unclear };
    let own: Vec<&str> = own_names(challenge);
    let served = served(evidence);
    let acquits = |leaf: &Certificate| is_for(leaf, &evidence.target) || names_any(leaf, &[asked]);
    if own.iter().any(|name| same_machine(name, asked)) || served.as_ref().is_some_and(|served| acquits(&served.leaf)) {
        return Identity::Same;
    }
    // A device in between shows its own certificate, and then the two differ.
    let Some(served) = served.filter(|served| names_any(&served.leaf, &own)) else { return Identity::Unclear };
    let Some(name) = own.first() else { return Identity::Unclear };
    let text = format!("asked as {asked}, the server calls itself {name} in NTLM and in its certificate");
    Identity::Other { text, facts: vec![format!("{}/credssp/challenge", attempt_fact(index)), served.fact()] }
}

/// The DNS name first, which says more.
fn own_names(challenge: &NtlmChallenge) -> Vec<&str> {
    let names = [&challenge.dns_computer, &challenge.computer];
    names.into_iter().filter_map(|name| name.as_deref()).filter(|name| !name.is_empty()).collect()
}

fn names_any(leaf: &Certificate, machines: &[&str]) -> bool {
    leaf.names().iter().any(|name| machines.iter().any(|machine| same_machine(name, machine)))
}
