//! The certificates, with their validity as bars on one scale.

use jiff::Timestamp;
use rdpdoctor_diagnosis::certificate::Certificate;

/// Columns of the bar.
const WIDTH: f64 = 400.0;
const DAY: i64 = 86_400;
/// From here on the end of a validity is near.
const SOON_DAYS: i64 = 30;

/// One certificate.
pub(super) struct Link {
    pub(super) subject: String,
    pub(super) validity: String,
    pub(super) tone: &'static str,
    pub(super) sign: &'static str,
    pub(super) from: i32,
    pub(super) width: i32,
    pub(super) now: i32,
    pub(super) facts: Vec<Fact>,
}

/// A line of a list.
pub(super) struct Fact {
    pub(super) name: &'static str,
    pub(super) value: String,
    pub(super) is_code: bool,
}

impl Fact {
    pub(super) fn new(name: &'static str, value: String) -> Self {
        Self { name, value, is_code: false }
    }

    fn code(name: &'static str, value: String) -> Self {
        Self { name, value, is_code: true }
    }
}

/// The chain as served; the bars share the scale that holds all of them and the present.
pub(super) fn chain(certificates: &[Certificate], now: Timestamp) -> Vec<Link> {
    let times = certificates.iter().flat_map(|c| [c.not_before, c.not_after]).chain([now]);
    let (first, last) =
        times.fold((now, now), |(first, last), time| (std::cmp::min(first, time), std::cmp::max(last, time)));
    let scale = Scale { first: first.as_second(), last: last.as_second() };
    certificates.iter().map(|certificate| link(certificate, now, &scale)).collect()
}

fn link(certificate: &Certificate, now: Timestamp, scale: &Scale) -> Link {
    let (from, to) = (scale.place(certificate.not_before), scale.place(certificate.not_after));
    let (validity, tone) = validity(certificate, now);
    Link {
        subject: certificate.subject.clone(),
        validity,
        tone,
        sign: tone,
        from,
        width: to.saturating_sub(from).max(2),
        now: scale.place(now).saturating_sub(1).max(0),
        facts: facts(certificate),
    }
}

fn validity(certificate: &Certificate, now: Timestamp) -> (String, &'static str) {
    let dates =
        format!("{} to {}", certificate.not_before.strftime("%Y-%m-%d"), certificate.not_after.strftime("%Y-%m-%d"));
    let left = days(now, certificate.not_after);
    let (state, tone) = match () {
        () if now > certificate.not_after => (format!("expired {} ago", in_days(-left)), "bad"),
        () if now < certificate.not_before => {
            (format!("not valid for another {}", in_days(days(now, certificate.not_before))), "bad")
        }
        () if left < SOON_DAYS => (format!("{} left", in_days(left)), "caution"),
        () => (format!("{} left", in_days(left)), "good"),
    };
    (format!("{dates}: {state}"), tone)
}

fn facts(certificate: &Certificate) -> Vec<Fact> {
    let issuer = if certificate.self_issued { "itself".to_owned() } else { certificate.issuer.clone() };
    let mut facts = vec![Fact::new("Issuer", issuer)];
    let addresses = certificate.addresses.iter().map(ToString::to_string);
    let names: Vec<String> = certificate.dns_names.iter().cloned().chain(addresses).collect();
    if !names.is_empty() {
        facts.push(Fact::new("Names", names.join(", ")));
    }
    facts.extend([
        Fact::new("Key", certificate.key.to_string()),
        Fact::new("Signature", certificate.signature.clone()),
        Fact::code("Thumbprint", certificate.sha1.clone()),
        Fact::code("SHA-256", certificate.sha256.clone()),
    ]);
    facts
}

fn days(from: Timestamp, to: Timestamp) -> i64 {
    to.as_second().saturating_sub(from.as_second()) / DAY
}

fn in_days(days: i64) -> String {
    match days {
        0 => "less than a day".to_owned(),
        1 => "1 day".to_owned(),
        days if days < 730 => format!("{days} days"),
        days => format!("{} years", days / 365),
    }
}

/// Seconds since 1970.
struct Scale {
    first: i64,
    last: i64,
}

impl Scale {
    /// The column of a time, 0 to [`WIDTH`].
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "columns of a small picture")]
    fn place(&self, time: Timestamp) -> i32 {
        let whole = self.last.saturating_sub(self.first).max(1) as f64;
        let part = time.as_second().saturating_sub(self.first) as f64;
        (part / whole * WIDTH).clamp(0.0, WIDTH) as i32
    }
}

#[cfg(test)]
mod tests {
    use rdpdoctor_diagnosis::testing::CertificateMaker;

    use super::*;

    fn shown(maker: &CertificateMaker, seconds: i64) -> Link {
        let certificate = Certificate::parse(&maker.der()).unwrap();
        chain(&[certificate], Timestamp::from_second(seconds).unwrap()).remove(0)
    }

    #[test]
    fn the_bar_holds_validity_and_present() {
        let middle = shown(&CertificateMaker::windows("TS01").valid(-100, 300), 0);
        assert_eq!((middle.from, middle.width, middle.now), (0, 400, 99));
        assert_eq!((middle.tone, middle.validity.as_str()), ("good", "1969-09-23 to 1970-10-28: 300 days left"));
        let expired = shown(&CertificateMaker::windows("TS01").valid(-400, -100), 0);
        assert_eq!((expired.from, expired.width, expired.now), (0, 300, 399));
        assert_eq!((expired.tone, expired.sign), ("bad", "bad"));
        assert!(expired.validity.ends_with("expired 100 days ago"), "{}", expired.validity);
        let early = shown(&CertificateMaker::windows("TS01").valid(1, 300), 0);
        assert!(early.validity.ends_with("not valid for another 1 day"), "{}", early.validity);
        assert_eq!(shown(&CertificateMaker::windows("TS01").valid(-300, 10), 0).tone, "caution");
    }
}
