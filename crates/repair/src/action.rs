//! What mends which cause: one file an action, its page beside it.

mod allow_logons;
mod bind_renewed_certificate;
mod demand_nla;
mod enable_firewall_rules;
mod enable_listener;
mod enable_rdp;
mod end_drain_mode;
mod firewall_rule;
mod grant_key_read;
mod move_key_aside;
mod nla_off;
mod own_certificate;
mod raise_session_limit;
mod refusals;
mod registry;
mod renew_certificate;
mod restore_cipher_suites;
mod restore_machine_keys_folder;
mod restore_protocols;
mod restore_security_layer;
mod restore_store_permissions;
mod restore_termsrv_path;
mod set_port;
mod start_services;
mod unbind_certificate;

use std::fmt;

use rdpdoctor_diagnosis::evidence::Snapshot;
use rdpdoctor_machine::Machine;
use schemars::JsonSchema;
use serde::Serialize;

use crate::step::Step;

pub(crate) use firewall_rule::is_same_rule;
pub(crate) use own_certificate::STORE;
pub(crate) use refusals::already;
pub use refusals::{HARMFUL, Harmful, why_not};

/// Something that mends: the unit in which repairs grow.
pub struct Action {
    /// What it does, in kebab-case.
    pub id: &'static str,
    /// The causes that it mends.
    pub causes: &'static [&'static str],
    /// What it does, in the imperative.
    pub title: &'static str,
    /// What stops working while it is done; empty where nothing does.
    pub interrupts: &'static str,
    /// What may be worse afterwards, in a sentence.
    pub risk: &'static str,
    /// What has to begin anew for it to take effect.
    pub restart: Restart,
    /// The page in the book.
    pub page: &'static str,
    /// The steps on this machine, or why there are none and what to do instead.
    pub steps: fn(&Ground<'_>) -> Result<Vec<Step>, String>,
}

/// What has to begin anew for a change to take effect; the last is the gravest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Restart {
    /// Nothing: it takes effect at once.
    Nothing,
    /// SessionEnv and TermService, which cuts off every session.
    Services,
    /// Windows; that is said, and never done by us.
    Windows,
}

/// What an action is planned on.
#[derive(Clone, Copy)]
pub struct Ground<'a> {
    /// The machine.
    pub machine: &'a dyn Machine,
    /// What it showed.
    pub host: &'a Snapshot,
    /// What was asked for.
    pub options: &'a Options,
    /// What the same plan does before.
    pub planned: &'a [&'static Action],
}

/// What a person may choose.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Options {
    /// The port that Remote Desktop is to listen on.
    pub port: Option<u16>,
}

/// All of them, in the order in which they are done.
pub const ACTIONS: &[&Action] = &[
    &set_port::ACTION,
    &enable_firewall_rules::ACTION,
    &enable_listener::ACTION,
    &enable_rdp::ACTION,
    &restore_store_permissions::ACTION,
    &restore_machine_keys_folder::ACTION,
    &grant_key_read::ACTION,
    &move_key_aside::ACTION,
    &renew_certificate::ACTION,
    &bind_renewed_certificate::ACTION,
    &unbind_certificate::ACTION,
    &restore_termsrv_path::ACTION,
    &start_services::ACTION,
    &restore_protocols::ACTION,
    &restore_cipher_suites::ACTION,
    &restore_security_layer::ACTION,
    &demand_nla::ACTION,
    &raise_session_limit::ACTION,
    &allow_logons::ACTION,
    &end_drain_mode::ACTION,
];

/// What mends nothing and helps for a while: each is taken back by itself, and none is part of a plan unless named.
pub const BRIDGES: &[&Action] = &[&nla_off::ACTION];

/// The bridge of this name.
pub fn bridge(id: &str) -> Option<&'static Action> {
    BRIDGES.iter().copied().find(|action| action.id == id)
}

/// Those that mend this cause, or the bridge of this name.
pub fn for_cause(cause: &str) -> impl Iterator<Item = &'static Action> {
    all().filter(move |action| action.is_for(cause))
}

/// Actions and bridges, in the order in which they are done.
pub fn all() -> impl Iterator<Item = &'static Action> {
    ACTIONS.iter().chain(BRIDGES).copied()
}

impl Action {
    /// Whether it mends this cause, or is the bridge of this name.
    pub(crate) fn is_for(&self, cause: &str) -> bool {
        self.causes.contains(&cause) || (self.causes.is_empty() && self.id == cause)
    }
}

impl Ground<'_> {
    /// Whether the same plan does this before.
    pub(crate) fn is_planned(&self, action: &Action) -> bool {
        self.planned.iter().any(|planned| planned.id == action.id)
    }
}

impl fmt::Debug for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Action").field("id", &self.id).finish_non_exhaustive()
    }
}
