use rdpdoctor_diagnosis::Remedy;
use rdpdoctor_diagnosis::report::Avoid;

use super::words;
use crate::canvas::{Canvas, Piece};
use crate::style::Paint;

/// Commands stand indented by spaces alone and are never wrapped: what is copied off the screen can be typed.
const COMMAND_INDENT: usize = 5;

/// What to do, best first, numbered.
pub(super) fn all(canvas: &mut Canvas<'_>, remedies: &[Remedy]) {
    if remedies.is_empty() {
        return;
    }
    canvas.heading("What to do");
    for (number, remedy) in (1..).zip(remedies) {
        if number > 1 {
            canvas.blank();
        }
        one(canvas, number, remedy);
    }
}

/// What others would try in this place, and what it costs.
pub(super) fn avoid(canvas: &mut Canvas<'_>, avoid: &[Avoid]) {
    if avoid.is_empty() {
        return;
    }
    canvas.heading("What not to do");
    for remedy in avoid {
        let more = Piece::new(words::explain_remedy(remedy), Paint::Command).unbroken();
        let text = [Piece::plain(format!("{}: {} ", remedy.title, remedy.risks)), more];
        canvas.flow(2, &[Piece::plain("- ")], &text);
    }
}

fn one(canvas: &mut Canvas<'_>, number: usize, remedy: &Remedy) {
    let start = [Piece::plain(format!("{:<3}", format!("{number}.")))];
    canvas.flow(2, &start, &[Piece::new(&remedy.title, Paint::Heading)]);
    canvas.flow(COMMAND_INDENT, &[], &[Piece::plain(place(remedy))]);
    labelled(canvas, "Interrupts: ", words::interrupts(remedy));
    commands(canvas, &remedy.commands);
    if !remedy.cmd.is_empty() {
        canvas.flow(COMMAND_INDENT, &[], &[Piece::plain("in cmd.exe:")]);
        commands(canvas, &remedy.cmd);
    }
    labelled(canvas, "Undo: ", &remedy.undo);
}

fn labelled(canvas: &mut Canvas<'_>, label: &str, text: &str) {
    canvas.flow(COMMAND_INDENT, &[Piece::plain(label)], &[Piece::plain(text)]);
}

fn commands(canvas: &mut Canvas<'_>, commands: &[String]) {
    if commands.is_empty() {
        return;
    }
    canvas.blank();
    for command in commands {
        canvas.verbatim(COMMAND_INDENT, command);
    }
    canvas.blank();
}

/// Where, and in which shell: a twin for `cmd.exe` is there where the first commands are PowerShell's.
fn place(remedy: &Remedy) -> String {
    let shell = if remedy.cmd.is_empty() { "" } else { ", in PowerShell" };
    format!("{}{shell}", words::place(remedy.place))
}
