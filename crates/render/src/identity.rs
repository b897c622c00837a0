//! Who the server says it is, in one line each for itself and its certificate.

use rdpdoctor_diagnosis::certificate::Certificate;
use rdpdoctor_diagnosis::report::{Report, ServerIdentity};

use crate::words;

/// What each line is about, and the line; nothing where the server did not say.
pub(crate) fn lines(report: &Report) -> Vec<(&'static str, String)> {
    let server = report.server.as_ref().map(server).filter(|text| !text.is_empty());
    let certificate = report.certificates.first().map(certificate);
    let lines = [("Server", server), ("Certificate", certificate)];
    lines.into_iter().filter_map(|(name, text)| Some((name, text?))).collect()
}

fn server(server: &ServerIdentity) -> String {
    let name = server.dns_computer.as_ref().or(server.computer.as_ref());
    let domain = server.domain.as_ref().filter(|domain| Some(*domain) != server.computer.as_ref());
    let parts = [
        name.cloned(),
        domain.map(|domain| format!("domain {domain}")),
        server.forest.as_ref().map(|forest| format!("forest {forest}")),
        words::releases(server),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// The stage has subject and end; here is what one compares with certlm.
fn certificate(leaf: &Certificate) -> String {
    let (key, signature) = (&leaf.key, &leaf.signature);
    format!("{key}, {signature}, from {}, thumbprint {}", leaf.not_before.strftime("%Y-%m-%d"), leaf.sha1)
}
