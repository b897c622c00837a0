//! Every action, cut off after every write, is taken back byte for byte.

use rdpdoctor_diagnosis::testing::CertificateMaker;
use rdpdoctor_sources::host::snapshot;

use crate::action::Options;
use crate::apply::apply;
use crate::plan::Plan;
use crate::testing::{
    KEY_FILE, KEY_FOLDER, Paper, Power, RDP_TCP, STORE, TERMINAL_SERVER, World, entry_of, key_file_of,
};
use crate::undo::undo;
use crate::walk::{cut_repairs, cut_undos};

const TERM_SERVICE: &str = r"HKLM\SYSTEM\CurrentControlSet\Services\TermService";
const PARAMETERS: &str = r"HKLM\SYSTEM\CurrentControlSet\Services\TermService\Parameters";
const TLS12: &str = r"HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols\TLS 1.2\Server";
const SUITES: &str = r"HKLM\SOFTWARE\Policies\Microsoft\Cryptography\Configuration\SSL\00010002";
const RULES: &str = r"HKLM\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy\FirewallRules";
const RULE: &str =
    "v2.28|Action=Allow|Active=FALSE|Dir=In|Protocol=6|LPort=3389|Svc=termservice|EmbedCtxt=@FirewallAPI.dll,-28752|";

fn plan(world: &World, cause: &str) -> Plan {
    let host = snapshot(world, jiff::Timestamp::UNIX_EPOCH);
    let plan = Plan::make(&[cause], world, &host, &Options { port: Some(3389) }).unwrap();
    assert!(!plan.is_empty(), "{cause}: {:?}", plan.refused);
    plan
}

/// A machine with a fault, and the cause that names it.
fn faults() -> Vec<(&'static str, World)> {
    vec![
        ("rdp-disabled", World::server().value(TERMINAL_SERVER, "fDenyTSConnections", 1)),
        (
            "service-stopped",
            World::server().stopped("UmRdpService").stopped("TermService").value(TERM_SERVICE, "Start", 4),
        ),
        (
            "service-stopped",
            World::server().stopped("UmRdpService").stopped("TermService").text(
                TERM_SERVICE,
                "ObjectName",
                "LocalSystem",
            ),
        ),
        ("firewall-rule-disabled", World::server().text(RULES, "RemoteDesktop-UserMode-In-TCP", RULE)),
        ("firewall-rule-disabled", World::server().text(RULES, "RemoteDesktop-UserMode-In-TCP", RULE).guarded()),
        ("schannel-protocol-disabled", World::server().with_key(TLS12).value(TLS12, "Enabled", 0)),
        ("schannel-ciphers-restricted", World::server().text(SUITES, "Functions", "TLS_RSA_WITH_RC4_128_SHA")),
        ("port-changed", World::server().value(RDP_TCP, "PortNumber", 3390)),
        (
            "termsrv-patched",
            World::server().file(r"Windows\System32\termsrv.dll", 1).text(PARAMETERS, "ServiceDll", r"C:\x.dll"),
        ),
        ("drain-mode", World::server().value(TERMINAL_SERVER, "TSServerDrainMode", 1)),
        ("server-denied", World::server().value(RDP_TCP, "fLogonDisabled", 1)),
        ("listener-disabled", World::server().value(RDP_TCP, "fEnableWinStation", 0)),
        ("connection-limit-low", World::server().value(RDP_TCP, "MaxInstanceCount", 1)),
        ("nla-disabled", World::server().value(RDP_TCP, "UserAuthentication", 0)),
        ("security-layer-weak", World::server().value(RDP_TCP, "SecurityLayer", 0)),
        ("machine-keys-permissions", World::server().key_rights("O:SYG:SYD:PAI(A;;FA;;;SY)")),
        (
            "machine-keys-permissions",
            World::server()
                .key_rights("O:BAG:SYD:PAI(D;;FR;;;WD)(A;;FA;;;SY)")
                .rights_of(KEY_FOLDER, "O:SYG:SYD:PAI(A;;FA;;;BA)"),
        ),
        ("configured-certificate-missing", World::server().pins(&issued())),
        (
            "configured-certificate-missing",
            World::server()
                .personal(&issued().valid(-800, -100), "tp-old")
                .pins(&issued().valid(-800, -100))
                .personal(&issued(), "tp-new")
                .file(&key_file_of("tp-new"), 2303)
                .rights_of(&key_file_of("tp-new"), "O:SYG:SYD:PAI(A;;FA;;;SY)"),
        ),
        ("certificate-not-renewed", World::server().holds(&ended()).renewing()),
        ("certificate-not-renewed", shut(World::server())),
        ("certificate-not-renewed", shut(World::server().holds(&ended()).renewing())),
        ("stale-key-container", World::server().holds(&ended()).renewing()),
        ("machine-keys-missing", World::server().without_file(KEY_FILE).renewing()),
        ("cloned-machine-keys", World::server().without_file(KEY_FILE).file(OTHER, 2303).renewing()),
    ]
}

/// The file of our container that belongs to another machine.
const OTHER: &str = r"ProgramData\Microsoft\Crypto\RSA\MachineKeys\f686aace6942fb7f7ceb231212eef4a4_11111111-2222-3333-4444-555555555555";

/// With a store that SYSTEM is denied.
fn shut(world: World) -> World {
    let store = STORE.rsplit_once('\\').unwrap().0;
    world
        .rights_of_key(store, "O:BAG:SYD:AI(D;CI;KW;;;SY)(A;CIID;KA;;;BA)(A;CIID;KA;;;SY)")
        .rights_of_key(STORE, "O:BAG:SYD:AI(D;CIID;KW;;;SY)(A;CIID;KA;;;BA)(A;CIID;KA;;;SY)")
}

fn ended() -> CertificateMaker {
    CertificateMaker::windows("TS01").valid(-200, -17)
}

fn issued() -> CertificateMaker {
    CertificateMaker::issued("ts01.corp", "Corp CA")
}

#[test]
fn what_windows_made_after_a_renewal_goes_and_the_old_certificate_comes_back() {
    let broken = World::server().holds(&ended()).renewing();
    let (before, made, paper) = (broken.bytes(), broken.clone(), Paper::default());
    let mut journal = paper.begin(&Power::endless()).unwrap();
    apply(&plan(&broken, "certificate-not-renewed"), &made, &mut journal, &mut |_| ()).unwrap();
    let new = made.bytes();
    assert!(new.contains("SelfSignedCertificate") && new.contains("size: 2303"), "Windows made both");
    assert!(!new.contains(&entry_of(&ended())), "the old one went");
    let kept = made.collection.borrow().files.keys().any(|path| path.starts_with(crate::journal::PLACE));
    assert!(kept, "the old key is in the journal's folder");
    undo(&mut journal, &made, false, &mut |_| ()).unwrap();
    assert_eq!(made.bytes(), before);
}

#[test]
fn whatever_is_cut_off_is_taken_back() {
    for (cause, broken) in faults() {
        let walked = cut_repairs(&plan(&broken, cause), || broken.clone(), World::bytes);
        assert!(walked >= 4, "{cause}: {walked} cut points");
    }
}

#[test]
fn an_undo_that_is_cut_off_is_finished_by_the_next() {
    for (cause, broken) in faults() {
        let walked = cut_undos(&plan(&broken, cause), || broken.clone(), World::bytes);
        assert!(walked >= 3, "{cause}: {walked} cut points");
    }
}
