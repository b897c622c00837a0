use rdpdoctor_diagnosis::certificate::Certificate;
use rdpdoctor_diagnosis::report::{Report, ServerIdentity};

use crate::canvas::{Canvas, Piece};
use crate::words;

/// Who the server says it is, in two lines; nothing where it did not say.
pub(super) fn lines(canvas: &mut Canvas<'_>, report: &Report) {
    let server = report.server.as_ref().map(server).filter(|text| !text.is_empty());
    let certificate = report.certificates.first().map(certificate);
    if server.is_none() && certificate.is_none() {
        return;
    }
    canvas.blank();
    if let Some(text) = server {
        canvas.flow(0, &[Piece::plain("Server:       ")], &[Piece::plain(text)]);
    }
    if let Some(text) = certificate {
        canvas.flow(0, &[Piece::plain("Certificate:  ")], &[Piece::plain(text)]);
    }
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
