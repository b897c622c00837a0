use rdpdoctor_diagnosis::report::WayInState;

/// Whether a way is there, in a word and a colour.
pub(crate) struct State {
    pub(crate) word: &'static str,
    pub(crate) tone: &'static str,
}

/// None where nobody asked.
pub(crate) fn state(state: WayInState) -> Option<State> {
    match state {
        WayInState::Open => Some(State { word: "answers", tone: "good" }),
        WayInState::Unclear => Some(State { word: "something else is there", tone: "caution" }),
        WayInState::Closed => Some(State { word: "no answer", tone: "open" }),
        WayInState::NotAsked => None,
    }
}
