use jiff::SignedDuration;

use crate::evidence::{Evidence, NtlmChallenge};
use crate::server::challenge;
use crate::view::attempt_fact;
use crate::{Cause, Detection, Place, Proof, Remedy, Safety, Severity, Stage};

/// The server's clock and ours differ by more than Kerberos bears.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "clock-skew",
    stage: Stage::Authenticate,
    severity: Severity::Degrades,
    title: "The clocks of the server and of this machine differ",
    prior: 0,
    explains: &[],
    page: include_str!("clock-skew.md"),
    detect,
    remedies,
};

/// "Maximum tolerance for computer clock synchronization", as a domain ships.
const TOLERANCE: SignedDuration = SignedDuration::from_mins(5);

/// How far the server's clock is ahead of ours, where that is more than the tolerance, and the attempt that shows it.
pub(in crate::causes) fn skew(evidence: &Evidence) -> Option<(usize, SignedDuration)> {
    let (index, challenge) = challenge(evidence)?;
    let ahead = ahead(challenge)?;
    (ahead.abs() > TOLERANCE).then_some((index, ahead))
}

fn ahead(challenge: &NtlmChallenge) -> Option<SignedDuration> {
    Some(challenge.server_time?.duration_since(challenge.local_time))
}

fn detect(evidence: &Evidence) -> Detection {
    let Some((_, challenge)) = challenge(evidence) else { return Detection::Unknown(Vec::new()) };
    let Some(server) = challenge.server_time else { return Detection::Unknown(Vec::new()) };
    let Some((index, ahead)) = skew(evidence) else { return Detection::RuledOut };
    let time = |at: jiff::Timestamp| at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string();
    let direction = if ahead.is_negative() { "behind" } else { "ahead of" };
    let text = format!(
        "the server's clock says {}, ours {}: the server is {} {direction} us, and Kerberos bears 5 minutes",
        time(server),
        time(challenge.local_time),
        span(ahead),
    );
    let proof = Proof::of(text, [format!("{}/credssp/challenge/server_time", attempt_fact(index))], 35);
    Detection::Confirmed(proof.missing(
        "which of the two is wrong: compare both with a third, `w32tm /stripchart /computer:time.windows.com /samples:3` \
         on Windows, `chronyc tracking` or `timedatectl` elsewhere",
    ))
}

/// The two largest units.
fn span(skew: SignedDuration) -> String {
    let minutes = skew.abs().as_secs() / 60;
    match (minutes / 1440, minutes / 60 % 24, minutes % 60) {
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (days, hours, _) => format!("{days} d {hours} h"),
    }
}

fn remedies(_: &Evidence) -> Vec<Remedy> {
    set_clocks()
}

/// Sets the clock that is wrong, on whichever side.
pub(in crate::causes) fn set_clocks() -> Vec<Remedy> {
    vec![read(), resync(), resync_on_linux()]
}

fn read() -> Remedy {
    let commands = vec!["w32tm /query /status".to_owned(), "w32tm /query /source".to_owned()];
    Remedy {
        title: "See on both machines where the clock takes its time from; within a domain that is a domain controller, and on a guest not the hypervisor".into(),
        place: Place::Server,
        safety: Safety::Safe,
        interrupts: String::new(),
        cmd: Vec::new(),
        commands,
        undo: "nothing is changed".into(),
    }
}

fn resync() -> Remedy {
    Remedy {
        title: "On the one that is wrong: start the time service and let it set the clock".into(),
        place: Place::Server,
        safety: Safety::Manual,
        interrupts: "a clock that jumps upsets databases, scheduled tasks and logs; tickets of Kerberos may have to be fetched again".into(),
        commands: vec!["Start-Service W32Time".into(), "w32tm /resync /rediscover".into()],
        cmd: vec!["net start W32Time".into(), "w32tm /resync /rediscover".into()],
        undo: "set the clock back with Set-Date, or time and date in cmd".into(),
    }
}

fn resync_on_linux() -> Remedy {
    Remedy {
        title: "The same on Linux".into(),
        place: Place::Server,
        safety: Safety::Manual,
        interrupts: "a clock that jumps upsets databases, scheduled tasks and logs".into(),
        commands: vec!["timedatectl status".into(), "sudo timedatectl set-ntp true".into()],
        cmd: Vec::new(),
        undo: "sudo timedatectl set-ntp false".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Scene, Script};
    use crate::{Certainty, Verdict, judge};

    fn ahead_by(seconds: i64) -> Evidence {
        Scene::at("10.0.0.5")
            .client(|a| a.completes_tls().challenged_by("TS01", "ts01").clock_ahead(seconds))
            .evidence()
    }

    #[test]
    fn fires_in_both_directions() {
        for (seconds, words) in [(-3 * 3600, "3 h 0 min behind"), (400 * 86_400, "400 d 0 h ahead"), (301, "5 min")] {
            let diagnosis = judge(&ahead_by(seconds));
            let root = diagnosis.root().unwrap();
            assert_eq!((root.cause.id, root.certainty), ("clock-skew", Certainty::Confirmed));
            assert_eq!(diagnosis.verdict, Verdict::Warning);
            assert!(root.proof.items[0].text.contains(words), "{:?}", root.proof.items);
        }
    }

    #[test]
    fn near_miss_five_minutes() {
        assert_eq!(detect(&ahead_by(300)), Detection::RuledOut);
        assert_eq!(detect(&ahead_by(-300)), Detection::RuledOut);
    }

    #[test]
    fn unknown_where_the_server_tells_no_time() {
        let mut evidence = ahead_by(0);
        evidence.attempts[0].credssp.as_mut().unwrap().challenge.as_mut().unwrap().server_time = None;
        assert_eq!(detect(&evidence), Detection::Unknown(Vec::new()));
        let bare = Scene::at("10.0.0.5").client(Script::completes_tls).evidence();
        assert_eq!(detect(&bare), Detection::Unknown(Vec::new()));
    }
}
