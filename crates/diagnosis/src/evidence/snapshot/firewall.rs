use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Reading;

/// The Windows firewall: how each profile is set, and the inbound rules that touch Remote Desktop.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Firewall {
    /// What holds in each profile, policy before local setting.
    pub profiles: BTreeMap<ProfileKind, FirewallProfile>,
    /// Inbound rules for TCP or any protocol that cover the listener's port or the Remote Desktop service.
    pub rules: Vec<FirewallRule>,
    /// Names of active rules that demand IPsec for the listener's port.
    #[serde(default)]
    pub ipsec: Vec<String>,
    /// Profiles that are in force now; empty where the system does not say.
    #[serde(default)]
    pub active: Vec<ProfileKind>,
    /// What leaves the machine: it matters where somebody connects from here.
    #[serde(default)]
    pub outbound: Reading<Outbound>,
}

/// The outbound half of the firewall.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Outbound {
    /// Profiles in which what no rule allows is blocked (`DefaultOutboundAction`).
    pub blocked: Vec<ProfileKind>,
    /// Rules for TCP or any protocol that cover mstsc or any program.
    pub rules: Vec<OutboundRule>,
}

/// An outbound rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OutboundRule {
    /// The name of its registry value.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// Whether it is switched on.
    pub active: bool,
    /// What it does.
    pub action: RuleAction,
    /// The profiles in which it holds; empty for all.
    pub profiles: Vec<ProfileKind>,
    /// The remote ports or ranges; empty for all.
    pub ports: Vec<String>,
    /// The remote addresses, ranges or keywords; empty for all.
    pub remote: Vec<String>,
    /// The program; none for all.
    pub program: Option<String>,
    /// Whether policy brought it.
    pub by_policy: bool,
}

/// A network profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ProfileKind {
    /// Networks of the domain.
    Domain,
    /// Private networks (`StandardProfile`).
    Private,
    /// Public networks.
    Public,
}

/// How the firewall is set in one profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[expect(clippy::struct_excessive_bools, reason = "four switches that Windows has, each of its own")]
pub struct FirewallProfile {
    /// Whether it filters (`EnableFirewall`).
    pub enabled: bool,
    /// Whether inbound traffic that no rule allows is blocked (`DefaultInboundAction`).
    pub blocks_by_default: bool,
    /// Whether all inbound traffic is blocked whatever the rules say (`DoNotAllowExceptions`).
    pub blocks_all: bool,
    /// Whether local rules count beside those of policy (`AllowLocalPolicyMerge`).
    pub local_rules_count: bool,
}

/// An inbound rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FirewallRule {
    /// The name of its registry value (`RemoteDesktop-UserMode-In-TCP`).
    pub id: String,
    /// Its name for people, a resource (`@FirewallAPI.dll,-28775`) or text.
    pub name: String,
    /// Whether it is switched on.
    pub active: bool,
    /// What it does.
    pub action: RuleAction,
    /// The profiles in which it holds; empty for all.
    pub profiles: Vec<ProfileKind>,
    /// The local ports or ranges; empty for all.
    pub ports: Vec<String>,
    /// The remote addresses, ranges or keywords; empty for all.
    pub remote: Vec<String>,
    /// The service that it is for.
    pub service: Option<String>,
    /// Whether policy brought it.
    pub by_policy: bool,
}

/// What a rule does with what it matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RuleAction {
    /// Lets it in.
    Allow,
    /// Drops it; this wins over rules that allow.
    Block,
}
