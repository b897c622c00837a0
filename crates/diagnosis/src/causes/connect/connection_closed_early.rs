use super::signs::{
    client_tries, facts, hang_up, hung_up_mute, look_on_server, once_more, restart_service, telling_tries,
};
use crate::evidence::Evidence;
use crate::view::{AddressView, client_first};
use crate::{Cause, Detection, Proof, Remedy, Severity, Stage, Want};

/// TCP is taken and given up again before a byte of RDP.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "connection-closed-early",
    stage: Stage::Connect,
    severity: Severity::Blocks,
    title: "The connection is accepted and closed again before any answer",
    prior: 0,
    explains: &[],
    page: include_str!("connection-closed-early.md"),
    detect,
    remedies,
};

fn detect(evidence: &Evidence) -> Detection {
    client_first(evidence, at)
}

fn at(address: AddressView<'_>) -> Detection {
    let tries = client_tries(address);
    let Some((_, first)) = tries.first() else { return Detection::Unknown(Vec::new()) };
    let closed: Vec<_> = tries.iter().copied().filter(|(_, attempt)| hung_up_mute(attempt)).collect();
    let Some((_, attempt)) = closed.first() else { return Detection::RuledOut };
    if tries.iter().any(|(_, attempt)| attempt.received > 0) {
        return Detection::RuledOut;
    }
    let endpoint = address.endpoint;
    let sentence = format!("{endpoint} took our connection and {} before a byte came", hang_up(attempt));
    let mut proof = Proof::of(sentence, facts(&closed), 12);
    if closed.len() > 1 {
        proof = proof.and(format!("it did so {} times", closed.len()), Vec::new(), 6);
    }
    let bare = first.offer.clone().without_cookie();
    let bare_closed: Vec<_> =
        telling_tries(address, &bare).into_iter().filter(|(_, attempt)| hung_up_mute(attempt)).collect();
    if !bare_closed.is_empty() {
        proof = proof.and("it did so without our mstshash cookie too", facts(&bare_closed), 4);
    }
    if closed.len() > 1 && !bare_closed.is_empty() {
        return Detection::Confirmed(proof);
    }
    proof.wants.extend(once_more(address).filter(|_| closed.len() < 2));
    proof.wants.push(Want::attempt(endpoint, bare));
    Detection::Likely(proof)
}

fn remedies(evidence: &Evidence) -> Vec<Remedy> {
    let port = evidence.target.port;
    let crashes = look_on_server(
        "See whether the service crashes (events 7031, 7034, 1000) or limits connections (1006)",
        vec![
            "Get-WinEvent -FilterHashtable @{LogName='System'; ProviderName='Service Control Manager'; Id=7031,7034} -MaxEvents 10".into(),
            "Get-WinEvent -FilterHashtable @{LogName='Application'; ProviderName='Application Error'; Id=1000} -MaxEvents 10 | Format-List TimeCreated, Message".into(),
            "Get-WinEvent -FilterHashtable @{LogName='Microsoft-Windows-TerminalServices-RemoteConnectionManager/Admin'; Id=1006} -MaxEvents 10".into(),
        ],
        vec![
            r#"wevtutil qe System /q:"*[System[Provider[@Name='Service Control Manager'] and (EventID=7031 or EventID=7034)]]" /c:10 /rd:true /f:text"#.into(),
            r#"wevtutil qe Application /q:"*[System[Provider[@Name='Application Error'] and (EventID=1000)]]" /c:10 /rd:true /f:text"#.into(),
        ],
    );
    let file = look_on_server(
        "See who owns the port, and whether the service loads its own termsrv.dll",
        vec![
            format!("Get-Process -Id (Get-NetTCPConnection -State Listen -LocalPort {port}).OwningProcess"),
            r"(Get-ItemProperty 'HKLM:\SYSTEM\CurrentControlSet\Services\TermService\Parameters').ServiceDll".into(),
            r"Get-AuthenticodeSignature C:\Windows\System32\termsrv.dll".into(),
        ],
        vec![
            format!("netstat -ano | findstr :{port}"),
            r#"reg query "HKLM\SYSTEM\CurrentControlSet\Services\TermService\Parameters" /v ServiceDll"#.into(),
        ],
    );
    vec![crashes, file, restart_service()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::{Ending, Offer};
    use crate::testing::{Scene, Script};
    use crate::{Certainty, Verdict, judge};
    use rdpdoctor_protocol::negotiation::Protocols;

    fn closes(attempt: Script) -> Script {
        attempt.connects().ends(Ending::Fin).after(3.0)
    }

    #[test]
    fn fires_when_every_connection_is_closed_unanswered() {
        let scene = Scene::at("10.0.0.5").client(closes).client(closes).tries(Offer::mstsc().without_cookie(), closes);
        let diagnosis = judge(&scene.evidence());
        let root = diagnosis.root().unwrap();
        assert_eq!((root.cause.id, root.certainty), ("connection-closed-early", Certainty::Confirmed));
        assert_eq!(diagnosis.verdict, Verdict::Broken);
    }

    #[test]
    fn near_miss_a_server_that_answers_before_it_closes() {
        let evidence = Scene::at("10.0.0.5").client(|a| a.selects(Protocols::SSL).ends(Ending::Fin)).evidence();
        assert_eq!(detect(&evidence), Detection::RuledOut);
        let evidence = Scene::at("10.0.0.5").client(closes).client(|a| a.selects(Protocols::SSL)).evidence();
        assert_eq!(detect(&evidence), Detection::RuledOut);
    }

    #[test]
    fn asks_again_with_and_without_the_cookie() {
        let evidence = Scene::at("10.0.0.5").client(closes).evidence();
        let endpoint = evidence.endpoints()[0];
        let Detection::Likely(proof) = detect(&evidence) else { panic!("once is not proof") };
        let bare = Offer::mstsc().without_cookie();
        assert_eq!(proof.wants, [Want::repeat(endpoint, Offer::mstsc()), Want::attempt(endpoint, bare)]);
    }

    #[test]
    fn unknown_before_anything_was_tried() {
        assert_eq!(detect(&Scene::at("10.0.0.5").evidence()), Detection::Unknown(Vec::new()));
    }
}
