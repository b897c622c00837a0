//! The clients as lanes through the stages: each ends where the client does.

use rdpdoctor_diagnosis::Stage;
use rdpdoctor_diagnosis::catalogue::ClientSetting;
use rdpdoctor_diagnosis::report::{ClientOutcome, Report};

use crate::clients::{Group, groups, known};
use crate::words;

const START: i32 = 264;
const STEP: i32 = 84;
const HEAD: i32 = 38;
const LANE: i32 = 24;
const STAGES: [Stage; 5] = [Stage::Connect, Stage::Negotiate, Stage::Tls, Stage::Certificate, Stage::Authenticate];

/// Who gets through: in groups, and as a picture where they differ.
pub(super) struct Clients<'a> {
    pub(super) groups: Vec<Row<'a>>,
    pub(super) picture: Option<Picture>,
}

/// Clients that meet the same.
pub(super) struct Row<'a> {
    pub(super) names: String,
    pub(super) outcome: &'static str,
    pub(super) reason: &'a str,
    /// What would let a client in, by its name.
    pub(super) settings: Vec<(&'a str, &'a ClientSetting)>,
    pub(super) tone: &'static str,
}

/// All lanes and their measures.
pub(super) struct Picture {
    pub(super) width: i32,
    pub(super) height: i32,
    pub(super) start: i32,
    pub(super) end: i32,
    pub(super) columns: Vec<Column>,
    pub(super) lanes: Vec<Lane>,
}

/// A stage and where it stands.
pub(super) struct Column {
    pub(super) name: String,
    pub(super) x: i32,
}

/// One client, or releases in a row that meet the same.
pub(super) struct Lane {
    pub(super) client: String,
    pub(super) tone: &'static str,
    pub(super) reaches: i32,
    pub(super) y: i32,
}

impl<'a> Clients<'a> {
    /// None where nothing is known of clients.
    pub(super) fn of(report: &'a Report) -> Option<Self> {
        let rows = known(report);
        let groups = groups(&rows);
        let picture = (groups.len() > 1).then(|| Picture::of(&groups));
        let groups: Vec<Row<'a>> = groups.iter().map(Row::of).collect();
        (!groups.is_empty()).then_some(Self { groups, picture })
    }
}

impl<'a> Row<'a> {
    fn of(group: &Group<'a>) -> Self {
        let outcome = words::client_outcome(group.outcome);
        let (names, settings) = (group.names.join(", "), group.settings().collect());
        Self { names, outcome, reason: group.reason, settings, tone: tone(group.outcome) }
    }
}

impl Picture {
    fn of(groups: &[Group<'_>]) -> Self {
        let places = (0..).map(|index| START + STEP / 2 + index * STEP);
        let columns: Vec<Column> =
            STAGES.iter().zip(places).map(|(stage, x)| Column { name: stage.to_string(), x }).collect();
        let end = columns.last().map_or(START, |column| column.x) + STEP / 2;
        let ys = (0..).map(|index| HEAD + index * LANE);
        let clients = groups.iter().flat_map(|group| group.names.iter().map(move |name| (group, name)));
        let lanes: Vec<Lane> = clients.zip(ys).map(|((group, name), y)| lane(group, name, y, &columns, end)).collect();
        let height = lanes.last().map_or(HEAD, |lane| lane.y) + LANE / 2;
        Self { width: end + 10, height, start: START, end, columns, lanes }
    }
}

fn lane(group: &Group<'_>, name: &str, y: i32, columns: &[Column], end: i32) -> Lane {
    let stopped = group.stage.filter(|_| group.outcome == ClientOutcome::Fails);
    let reaches = stopped.map_or(end, |stage| place(stage, columns));
    Lane { client: name.to_owned(), tone: tone(group.outcome), reaches, y }
}

/// The class that colours an outcome, and its sign.
pub(crate) fn tone(outcome: ClientOutcome) -> &'static str {
    match outcome {
        ClientOutcome::Connects => "good",
        ClientOutcome::Warns => "caution",
        ClientOutcome::Fails => "bad",
        ClientOutcome::Unknown => "open",
    }
}

/// The column of a stage; what is wrong with host or client shows at the start.
fn place(stage: Stage, columns: &[Column]) -> i32 {
    let index = STAGES.iter().rposition(|known| *known <= stage).unwrap_or_default();
    let index = if stage >= Stage::Host { 0 } else { index };
    columns.get(index).map_or(START, |column| column.x)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(outcome: ClientOutcome, stage: Option<Stage>) -> Group<'static> {
        Group { outcome, names: vec!["FreeRDP 2".to_owned()], stage, reason: "why", rows: Vec::new() }
    }

    #[test]
    fn lanes_end_where_the_client_does() {
        let groups = [
            group(ClientOutcome::Connects, None),
            group(ClientOutcome::Warns, Some(Stage::Certificate)),
            group(ClientOutcome::Fails, Some(Stage::Tls)),
            group(ClientOutcome::Fails, Some(Stage::Resolve)),
            group(ClientOutcome::Fails, Some(Stage::Session)),
            group(ClientOutcome::Fails, Some(Stage::Host)),
            group(ClientOutcome::Unknown, None),
        ];
        let picture = Picture::of(&groups);
        let [connect, _, tls, _, authenticate] = picture.columns.as_slice() else { panic!() };
        let reached: Vec<i32> = picture.lanes.iter().map(|lane| lane.reaches).collect();
        let end = picture.end;
        assert_eq!(reached, [end, end, tls.x, connect.x, authenticate.x, connect.x, end]);
        assert!(picture.lanes.iter().all(|lane| lane.y < picture.height) && end < picture.width);
    }
}
