use rdpdoctor_testbed::nginx::{self, Scheme};
use rdpdoctor_testbed::{Network, Policy, SERVER_V4, on_hand, sshd};

use crate::run::{BROKEN, diagnose_ways_in};

#[test]
fn the_way_that_is_open_is_named_first_and_changes_no_verdict() {
    let Some(network) = on_hand(Network::new(Policy::default())) else { return };
    let Some(_ssh) = on_hand(sshd::start(&network.site().at_port(22))) else { return };
    let Some(_web) = on_hand(nginx::start(Scheme::Http, &network.site().at_port(5985))) else { return };
    on_hand(network.filter("tcp dport 445 drop"));
    let diagnosis = diagnose_ways_in(&network, &SERVER_V4.to_string());
    diagnosis.expect("unreachable", Some("port-closed"), BROKEN);
    let state = |way: &str| {
        let ways = diagnosis.field("/ways_in").as_array().unwrap();
        ways.iter().find(|entry| entry["way"] == way).unwrap()["state"].as_str().unwrap()
    };
    assert_eq!(diagnosis.field("/ways_in/0/command"), "ssh USER@10.9.0.2");
    assert_eq!((state("ssh"), state("winrm")), ("open", "unclear"), "nginx speaks HTTP and is no WinRM");
    assert_eq!((state("winrm-https"), state("smb")), ("closed", "closed"));
}
