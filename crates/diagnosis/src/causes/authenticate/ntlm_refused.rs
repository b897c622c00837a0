use crate::evidence::{CredsspSeen, Evidence};
use crate::server::credssp;
use crate::view::attempt_fact;
use crate::{Cause, Detection, Place, Proof, Remedy, Safety, Severity, Stage};

/// The server takes CredSSP and will not hear of NTLM: clients without Kerberos stay outside.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "ntlm-refused",
    stage: Stage::Authenticate,
    severity: Severity::Degrades,
    title: "The server refuses NTLM",
    prior: -3,
    explains: &[],
    page: include_str!("ntlm-refused.md"),
    detect,
    remedies,
};

/// STATUS_NTLM_BLOCKED (MS-ERREF 2.3.1).
const NTLM_BLOCKED: u32 = 0xC000_0418;

fn detect(evidence: &Evidence) -> Detection {
    let Some((index, seen)) = credssp(evidence) else { return Detection::Unknown(Vec::new()) };
    let facts = [format!("{}/credssp", attempt_fact(index))];
    match seen {
        CredsspSeen { challenge: Some(_), .. } => Detection::RuledOut,
        CredsspSeen { error_code: Some(NTLM_BLOCKED), .. } => {
            let text = "to NTLM NEGOTIATE the server answered STATUS_NTLM_BLOCKED";
            Detection::Confirmed(Proof::of(text, facts, 30))
        }
        CredsspSeen { declined: true, .. } => {
            let text = "the server declined NTLM in SPNEGO, and asked for another mechanism";
            Detection::Confirmed(Proof::of(text, facts, 30))
        }
        CredsspSeen { error_code: Some(code), .. } => {
            let text = format!("to NTLM NEGOTIATE the server answered the status 0x{code:08X} and no CHALLENGE");
            Detection::Likely(Proof::of(text, facts, 6).missing(
                "whether a client with credentials gets the same answer: try one, and read event 4625 in the server's \
                 Security log",
            ))
        }
        _ => Detection::Unknown(Vec::new()),
    }
}

fn remedies(_: &Evidence) -> Vec<Remedy> {
    vec![
        Remedy {
            title: "Let clients use Kerberos: connect by the server's full name, from a machine or with an account of its domain, within reach of a domain controller".into(),
            place: Place::Client,
            safety: Safety::Safe,
            interrupts: String::new(),
            commands: vec!["klist get TERMSRV/SERVER.DOMAIN".into(), "nltest /dsgetdc:DOMAIN /kdc".into()],
            cmd: Vec::new(),
            undo: "nothing is changed".into(),
        },
        Remedy {
            title: "Read what the server's policy says of incoming NTLM: 0 takes all, 1 refuses domain accounts, 2 refuses all; whether to change it is for whoever set it".into(),
            place: Place::Server,
            safety: Safety::Safe,
            interrupts: String::new(),
            commands: vec![
                r"Get-ItemProperty HKLM:\SYSTEM\CurrentControlSet\Control\Lsa\MSV1_0 RestrictReceivingNTLMTraffic -ErrorAction SilentlyContinue".into(),
                "Get-WinEvent -LogName Microsoft-Windows-NTLM/Operational -MaxEvents 20 | Format-List TimeCreated, Id, Message".into(),
            ],
            cmd: vec![
                r"reg query HKLM\SYSTEM\CurrentControlSet\Control\Lsa\MSV1_0 /v RestrictReceivingNTLMTraffic".into(),
                "wevtutil qe Microsoft-Windows-NTLM/Operational /c:20 /rd:true /f:text".into(),
            ],
            undo: "nothing is changed".into(),
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Scene, Script, challenge_by};
    use crate::{Certainty, Verdict, judge};

    fn answer(change: impl FnOnce(&mut CredsspSeen)) -> Evidence {
        let mut seen = challenge_by("TS01", "ts01");
        seen.challenge = None;
        change(&mut seen);
        Scene::at("10.0.0.5").client(|a| a.completes_tls().credssp(seen)).evidence()
    }

    #[test]
    fn fires_where_the_server_says_so() {
        for evidence in [answer(|seen| seen.declined = true), answer(|seen| seen.error_code = Some(NTLM_BLOCKED))] {
            let diagnosis = judge(&evidence);
            let root = diagnosis.root().unwrap();
            assert_eq!((root.cause.id, root.certainty), ("ntlm-refused", Certainty::Confirmed));
            assert_eq!(diagnosis.verdict, Verdict::Warning);
        }
    }

    #[test]
    fn another_status_is_only_a_hint() {
        let diagnosis = judge(&answer(|seen| seen.error_code = Some(0x8009_0308)));
        assert_eq!(diagnosis.verdict, Verdict::Healthy);
        let finding = diagnosis.findings.iter().find(|finding| finding.cause.id == "ntlm-refused").unwrap();
        assert_eq!(finding.certainty, Certainty::Possible);
    }

    #[test]
    fn near_miss_a_challenge_is_consent() {
        let evidence = Scene::at("10.0.0.5").client(|a| a.completes_tls().challenged_by("TS01", "ts01")).evidence();
        assert_eq!(detect(&evidence), Detection::RuledOut);
    }

    #[test]
    fn unknown_where_the_server_says_nothing() {
        assert_eq!(detect(&answer(|_| ())), Detection::Unknown(Vec::new()));
        let bare = Scene::at("10.0.0.5").client(Script::completes_tls).evidence();
        assert_eq!(detect(&bare), Detection::Unknown(Vec::new()));
    }
}
