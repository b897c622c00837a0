use std::time::Duration;

use anyhow::{Context as _, anyhow};
use clap::Args;
use jiff::{SignedDuration, Timestamp};
use rdpdoctor_diagnosis::Verdict;
use rdpdoctor_diagnosis::evidence::Snapshot;
use rdpdoctor_diagnosis::report::{Report, ReportFinding};
use rdpdoctor_machine::Machine;
use rdpdoctor_machine::key::machine_guid;
use rdpdoctor_render::json;
use rdpdoctor_repair::Subject;
use rdpdoctor_repair::action::{self, Options, Restart};
use rdpdoctor_repair::apply::apply;
use rdpdoctor_repair::journal::{Folder, Header, VERSION};
use rdpdoctor_repair::place::Made;
use rdpdoctor_repair::plan::{Plan, Reason, Refused};
use rdpdoctor_repair::printed::PlanPage;
use rdpdoctor_repair::schedule::{Task, When};
use rdpdoctor_repair::verify::own_certificates;

use super::choosing::{self, Chosen, is_sure};
use super::looking::Looking;
use super::planned::{self, Format, tell};
use super::surprise::offer_undo;
use super::{Failure, consent, proposing, renewal, subject, way_back};
use crate::exit::Exit;
use crate::output::{Output, complain};

/// Mend what was found; without --apply, only say how
#[derive(Debug, Args)]
#[command(after_help = "Nothing is changed without --apply. Every change stands in a journal first, from which \
    \"rdpdoctor host undo\" takes it back.")]
pub(in crate::cli) struct Arguments {
    /// The causes to mend, as `host check` names them; by default the root cause
    #[arg(value_name = "CAUSE")]
    causes: Vec<String>,
    /// Mend everything that was found and can be mended by program
    #[arg(long, conflicts_with = "causes")]
    all: bool,
    /// Make the changes, after asking
    #[arg(long)]
    apply: bool,
    /// Do not ask
    #[arg(long, requires = "apply")]
    yes: bool,
    /// Take it back by itself after this time, as a bridge such as nla-off needs: 30m, 2h
    #[arg(long = "for", value_name = "TIME", value_parser = time)]
    lasts: Option<Duration>,
    /// Take it back by itself after this time unless "rdpdoctor host confirm" is typed before
    #[arg(long, value_name = "TIME", value_parser = time, conflicts_with = "lasts")]
    confirm_within: Option<Duration>,
    /// The port that Remote Desktop is to listen on, where that is what is mended
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    port: Option<u16>,
    /// In which form to print the plan
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    format: Format,
    #[command(flatten)]
    looking: Looking,
}

impl Arguments {
    pub(in crate::cli) fn run(self, output: &mut Output) -> Result<Exit, Failure> {
        self.check_usage()?;
        let seen = self.looking.look()?;
        let chosen = Chosen::of(&self.causes, self.all, &seen.report);
        let causes = chosen.mend.clone();
        let names: Vec<&str> = causes.iter().map(String::as_str).collect();
        let host = seen.report.evidence.host.as_deref().ok_or_else(|| anyhow!("nothing was read of the machine"))?;
        let mut plan = Plan::make(&names, &*seen.machine, host, &Options { port: self.port })?;
        chosen.note(&mut plan);
        if !self.apply {
            return self.show(&plan, &names, &seen.report, output);
        }
        output.print(&planned::text(&plan))?;
        if plan.is_empty() {
            output.print(&self.nothing_to_do(&plan, &seen.report))?;
            return Ok(self.ended(&plan, &seen.report));
        }
        self.make(&plan, &causes, host, output)
    }

    fn check_usage(&self) -> Result<(), Failure> {
        choosing::check_names(&self.causes)?;
        let wrong = |message: &str| Err(Failure::Usage(message.to_owned()));
        if self.apply && self.format != Format::Text {
            return wrong("--format is for the plan, before it is made: leave out either it or --apply");
        }
        let Some(folder) = self.looking.offline() else { return self.check_bridge() };
        if self.format == Format::Cmd {
            return wrong(
                "lines for cmd.exe would change the machine that they are typed on, not the disk: use --apply",
            );
        }
        if self.lasts.is_some() || self.confirm_within.is_some() {
            let undo = format!("rdpdoctor host undo{}", proposing::offline(folder));
            return wrong(&format!("a disk takes nothing back by itself, as no Windows runs on it: later type {undo}"));
        }
        Ok(())
    }

    fn check_bridge(&self) -> Result<(), Failure> {
        match self.causes.iter().find(|cause| action::bridge(cause).is_some()) {
            Some(bridge) if self.apply && self.lasts.is_none() => Err(Failure::Usage(format!(
                "{bridge} is a bridge, not a repair: say for how long, such as --for 30m, and it is taken back by itself"
            ))),
            _ => Ok(()),
        }
    }

    fn show(&self, plan: &Plan, causes: &[&str], report: &Report, output: &mut Output) -> Result<Exit, Failure> {
        match self.format {
            Format::Cmd => output.print(&planned::cmd(plan))?,
            Format::Json => {
                let mut page = PlanPage::of(plan, report.verdict, report.root_cause.clone());
                (page.apply, page.undo) = self.typed(plan, causes).unzip();
                output.print(&json::object(&page)?)?;
            }
            Format::Text => {
                output.print(&planned::text(plan))?;
                output.print(&self.next(plan, causes, report))?;
            }
        }
        Ok(self.ended(plan, report))
    }

    /// What to type after a plan was shown.
    fn next(&self, plan: &Plan, causes: &[&str], report: &Report) -> String {
        if plan.is_empty() {
            return self.nothing_to_do(plan, report);
        }
        match (self.typed(plan, causes), self.looking.collected()) {
            (Some((apply, undo)), _) => {
                format!("Nothing was changed. To do it:  {apply}\nTo take it back then:  {undo}\n")
            }
            (None, Some(file)) => {
                let (again, named, file) = (self.again(causes), causes.join(" "), proposing::quoted(file));
                format!(
                    "Nothing was changed. To do it, on that machine:  rdpdoctor {again}\n\
                     Where this program may not run there, for lines to type:  rdpdoctor host fix {named} --collected {file} --format cmd\n"
                )
            }
            (None, None) => {
                "Nothing was changed. A bridge is taken back by the Windows that runs: it cannot be made on a disk.\n"
                    .to_owned()
            }
        }
    }

    /// What stands where there is no plan, and what to type about it.
    fn nothing_to_do(&self, plan: &Plan, report: &Report) -> String {
        let is_answered = |refused: &Refused| {
            refused.reason == Reason::AlreadySo || Some(&refused.cause) == report.root_cause.as_ref()
        };
        if plan.refused.iter().any(is_answered) {
            return String::new();
        }
        match report.root().filter(|root| is_sure(root)) {
            Some(root) if action::for_cause(&root.cause).next().is_some() => {
                let (cause, whose) = (&root.cause, self.looking.whose());
                format!("What was found is {cause}: {}. Its plan:  rdpdoctor host fix {cause}{whose}\n", root.title)
            }
            Some(root) => format!("What was found is {}: {}.  rdpdoctor explain {}\n", root.cause, root.title, root.cause),
            None if !plan.refused.is_empty() => String::new(),
            None if report.verdict == Verdict::Healthy => "Nothing stops a connection: there is nothing to mend.\n".to_owned(),
            None => "Nothing was found that could be mended here; rdpdoctor host check says what was, and what is missing.\n"
                .to_owned(),
        }
    }

    /// What makes the plan, and what takes that back; none where there is nothing to make, or not from here.
    fn typed(&self, plan: &Plan, causes: &[&str]) -> Option<(String, String)> {
        let on_disk = self.looking.offline();
        let is_possible = self.looking.collected().is_none() && !(on_disk.is_some() && has_bridge(causes));
        let disk = self.looking.whose();
        let typed = || (format!("rdpdoctor {}{disk}", self.again(causes)), format!("rdpdoctor host undo{disk}"));
        (is_possible && !plan.is_empty()).then(typed)
    }

    /// A plan ends as the report does; 3 where one was to be made and there was none, 0 where the bridge stands already.
    fn ended(&self, plan: &Plan, report: &Report) -> Exit {
        let is_over =
            |refused: &Refused| refused.reason == Reason::AlreadySo && action::bridge(&refused.cause).is_some();
        if plan.is_empty() && !plan.refused.is_empty() && plan.refused.iter().all(is_over) {
            return Exit::Good;
        }
        let is_asked = self.apply && plan.refused.iter().any(|refused| refused.reason != Reason::NotFound);
        if is_asked { Exit::Unsettled } else { Exit::of(&[report.verdict], false) }
    }

    /// Asks, makes it, and looks again.
    fn make(&self, plan: &Plan, causes: &[String], host: &Snapshot, output: &mut Output) -> Result<Exit, Failure> {
        let offline = self.looking.offline();
        if offline.is_some() && causes.iter().any(|cause| action::bridge(cause).is_some()) {
            let message = "a bridge is taken back by the Windows that runs: it cannot be made on a disk";
            return Err(Failure::Usage(message.to_owned()));
        }
        subject::may_change(offline)?;
        way_back::check(plan, self.confirm_within.is_some(), &other_ways_in(host))?;
        if !consent::asked("Make these changes?", self.yes)? {
            complain("nothing was changed");
            return Ok(Exit::Unsettled);
        }
        let made = Made::at(&subject::drive(offline)?).context("nothing was changed")?;
        let subject = subject::subject(offline)?;
        let place = made.protect(&*subject).context("nothing was changed")?;
        if let Some(warning) = &place.warning {
            complain(&format!("the journal's folder is not for administrators alone: {warning}"));
        }
        if way_back::cuts_us_off(plan) {
            return self.detached(&place.folder, causes, output);
        }
        let _lock = place.folder.lock()?;
        let now = Timestamp::now();
        let header = self.header(place.folder.new_id(now), now, plan, causes, &*subject)?;
        let id = header.id.clone();
        let task = header.revert.map(|at| way_back::arrange(&place.folder, &id, at)).transpose()?;
        let mut journal = place.folder.begin(header)?;
        let certificates = own_certificates(&*subject);
        if let Err(surprise) = apply(plan, &*subject, &mut journal, &mut tell) {
            return offer_undo(&surprise, &mut journal, &*subject, (self.yes, &self.looking.whose()));
        }
        if !renewal::stands(plan, &*subject, &certificates, &mut journal, &mut tell)? {
            way_back::cancel(&journal.record().header);
            return Ok(Exit::Stopped);
        }
        drop(journal);
        self.verify(&id, causes, plan, task.as_ref(), output)
    }

    /// The arguments that make this plan for these causes.
    fn again(&self, causes: &[&str]) -> String {
        let mut text = format!("host fix {} --apply", causes.join(" "));
        let minutes = |time: Duration| format!("{}m", time.as_secs() / 60);
        let lasts = self.lasts.map(minutes).or_else(|| has_bridge(causes).then(|| "30m".to_owned()));
        let options = [
            ("--port", self.port.map(|port| port.to_string())),
            ("--for", lasts),
            ("--confirm-within", self.confirm_within.map(minutes)),
        ];
        for (name, value) in options.into_iter().filter_map(|(name, value)| Some((name, value?))) {
            text.extend([" ", name, " ", &value]);
        }
        text
    }

    /// Leaves the work to a task, as the session that it would be done in is cut off.
    fn detached(&self, folder: &Folder, causes: &[String], output: &mut Output) -> Result<Exit, Failure> {
        let causes: Vec<&str> = causes.iter().map(String::as_str).collect();
        way_back::detach(folder, format!("{} --yes", self.again(&causes)))?;
        output.print("A task of Windows makes it now, as this session is cut off by it. Connect again, and type:\n")?;
        output.print("  rdpdoctor host history\n")?;
        if self.confirm_within.is_some() {
            output.print("  rdpdoctor host confirm\n")?;
        }
        Ok(Exit::Good)
    }

    fn header(
        &self,
        id: String,
        now: Timestamp,
        plan: &Plan,
        causes: &[String],
        machine: &dyn Subject,
    ) -> Result<Header, Failure> {
        let after = |time: Duration| Ok::<_, jiff::Error>(now + SignedDuration::try_from(time)?);
        let revert = self.lasts.or(self.confirm_within).map(after).transpose()?;
        Ok(Header {
            journal: VERSION,
            id,
            begun: now,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            machine: machine_guid(machine as &dyn Machine),
            causes: causes.to_vec(),
            titles: plan.measures.iter().map(|measure| measure.action.title.to_owned()).collect(),
            revert,
            temporary: self.lasts.is_some(),
        })
    }

    /// Looks at the machine again, and says what is left.
    fn verify(
        &self,
        id: &str,
        causes: &[String],
        plan: &Plan,
        task: Option<&Task>,
        output: &mut Output,
    ) -> Result<Exit, Failure> {
        let after = self.looking.look()?.report;
        let left: Vec<&str> =
            causes.iter().map(String::as_str).filter(|cause| still_found(&after, cause).is_some()).collect();
        let whose = self.looking.whose();
        let mut said = vec![format!("Done. It is repair {id}; to take it back: rdpdoctor host undo {id}{whose}")];
        if let Some(task) = task {
            said.push(self.way_back(task));
        }
        let waits = plan.restart() == Restart::Windows;
        said.push(match (left.is_empty(), waits) {
            (true, true) => {
                let causes = causes.join(", ");
                format!("Looked again: {causes} is no longer found. It takes effect when Windows is started again.")
            }
            (true, false) => format!("Looked again: {} is no longer found.", causes.join(", ")),
            (false, true) => "Windows has to be restarted before it takes effect; look again after that.".to_owned(),
            (false, false) => format!("Looked again: still found: {}", left.join(", ")),
        });
        said.extend(planned::at_once(plan));
        if let Some(root) = after.root() {
            said.push(format!("What stands now: {}: {}", root.cause, root.title));
        } else if after.verdict == Verdict::Healthy {
            said.push("Nothing stops a connection now.".to_owned());
        }
        said.push(String::new());
        output.print(&said.join("\n"))?;
        Ok(if left.is_empty() || waits { Exit::Good } else { Exit::Stopped })
    }

    /// When and how it is taken back by itself.
    fn way_back(&self, task: &Task) -> String {
        let unless = if self.lasts.is_some() { "" } else { " unless you type: rdpdoctor host confirm" };
        let (When::At(at) | When::Asked(at)) = task.when;
        format!("It is taken back by itself at {at}{unless}\nby Windows' task {}: {}", task.name, task.command())
    }
}

/// Other services by which an administrator gets in, as far as somebody listens there.
fn other_ways_in(host: &Snapshot) -> Vec<&'static str> {
    let ways = [(22, "SSH"), (5985, "WinRM"), (5986, "WinRM over HTTPS")];
    let listened = host.listeners.observed().map(Vec::as_slice).unwrap_or_default();
    let is_open = |port: u16| listened.iter().any(|it| it.address.port() == port && !it.address.ip().is_loopback());
    ways.into_iter().filter(|(port, _)| is_open(*port)).map(|(_, name)| name).collect()
}

fn still_found<'a>(report: &'a Report, cause: &str) -> Option<&'a ReportFinding> {
    report.findings.iter().find(|finding| finding.cause == cause && is_sure(finding))
}

fn has_bridge(causes: &[&str]) -> bool {
    causes.iter().any(|cause| action::bridge(cause).is_some())
}

fn time(text: &str) -> Result<Duration, String> {
    let wrong = || format!("\"{text}\" is no time such as 30m or 2h");
    let (digits, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(wrong)?;
    let number: u64 = digits.parse().map_err(|_| wrong())?;
    let minutes = match unit {
        "m" => number,
        "h" => number.saturating_mul(60),
        _ => return Err(wrong()),
    };
    if !(1..=7 * 24 * 60).contains(&minutes) {
        return Err("from 1m to a week, 168h".to_owned());
    }
    Ok(Duration::from_mins(minutes))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Typed {
        #[command(flatten)]
        arguments: Arguments,
    }

    #[test]
    fn what_is_typed_again_has_what_was_asked_for() {
        let again = |typed: &str, cause| Typed::parse_from(typed.split(' ')).arguments.again(&[cause]);
        assert_eq!(
            again("fix port-taken --port 3390 --apply --confirm-within 1h", "port-taken"),
            "host fix port-taken --apply --port 3390 --confirm-within 60m"
        );
        assert_eq!(again("fix x --apply --for 5m", "rdp-disabled"), "host fix rdp-disabled --apply --for 5m");
        assert_eq!(again("fix nla-off", "nla-off"), "host fix nla-off --apply --for 30m");
    }

    #[test]
    fn times_are_minutes_and_hours() {
        assert_eq!(time("30m"), Ok(Duration::from_mins(30)));
        assert_eq!(time("2h"), Ok(Duration::from_hours(2)));
        for wrong in ["", "30", "0m", "m", "3d", "-1m", "99999999999999999999h", "30µ", "200h"] {
            assert!(time(wrong).is_err(), "{wrong}");
        }
    }
}
