//! The terminal: what is shown there, anew each second, and who types.

use std::io;
use std::thread;
use std::time::Duration;

use ratatui::Frame;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};
use ratatui::widgets::Paragraph;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::screen::Screen;
use super::status::Status;
use crate::cli::endpoint::NoPage;
use crate::config::Endpoint;
use crate::server::StopSignals;

/// Between an answer and the next question.
const PAUSE: Duration = Duration::from_secs(1);

/// What somebody wants who types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wish {
    Quit,
    Next,
    Previous,
    /// The terminal has another size, or it is nothing.
    Redraw,
}

/// The terminal is as it was when this is dropped.
struct Restored;

impl Drop for Restored {
    fn drop(&mut self) {
        ratatui::restore();
    }
}

/// Shows it until somebody quits, or a signal comes.
///
/// # Errors
///
/// The terminal's, as they are.
pub(super) async fn show(mut screen: Screen, socket: &Endpoint) -> io::Result<()> {
    let mut stop = StopSignals::new().map_err(io::Error::other)?;
    // From before it begins: it may fail half-way.
    let _restored = Restored;
    let mut terminal = ratatui::try_init()?;
    let (mut typed, mut asking) = (typing()?, JoinSet::new());
    let (answer, mut answers) = channel(1);
    asking.spawn(go_on_asking(socket.clone(), answer));
    loop {
        terminal.draw(|frame| draw(frame, &screen))?;
        tokio::select! {
            wish = typed.recv() => match wish {
                // Nobody types at a terminal that is gone.
                Some(Wish::Quit) | None => return Ok(()),
                Some(Wish::Next) => screen.step(true),
                Some(Wish::Previous) => screen.step(false),
                Some(Wish::Redraw) => {}
            },
            Some(answer) = answers.recv() => match answer {
                Ok(status) => (screen.status, screen.trouble) = (status, None),
                Err(trouble) => screen.trouble = Some(trouble.to_string()),
            },
            () = stop.wait() => return Ok(()),
        }
    }
}

pub(super) fn draw(frame: &mut Frame<'_>, screen: &Screen) {
    let area = frame.area();
    let lines = screen.lines(area.width.into(), area.height.into(), true);
    frame.render_widget(Paragraph::new(lines), area);
}

async fn go_on_asking(socket: Endpoint, answers: Sender<Result<Status, NoPage>>) {
    loop {
        sleep(PAUSE).await;
        if answers.send(Status::ask(&socket).await).await.is_err() {
            return;
        }
    }
}

/// What is typed; reading it blocks, and the thread ends with the process at the latest.
fn typing() -> io::Result<Receiver<Wish>> {
    let (sender, receiver) = channel(16);
    let read = move || {
        while let Ok(event) = event::read() {
            if sender.blocking_send(wish(&event)).is_err() {
                return;
            }
        }
    };
    thread::Builder::new().name("typing".to_owned()).spawn(read)?;
    Ok(receiver)
}

fn wish(event: &Event) -> Wish {
    let Event::Key(key) = event else { return Wish::Redraw };
    if key.kind == KeyEventKind::Release {
        return Wish::Redraw;
    }
    // No signal comes of it: the terminal is raw.
    let is_control = key.modifiers.contains(KeyModifiers::CONTROL);
    if is_control && matches!(key.code, KeyCode::Char('c' | 'd')) {
        return Wish::Quit;
    }
    if matches!(key.code, KeyCode::Char('q' | 'Q') | KeyCode::Esc) {
        return Wish::Quit;
    }
    if matches!(key.code, KeyCode::Down | KeyCode::Char('j')) {
        return Wish::Next;
    }
    if matches!(key.code, KeyCode::Up | KeyCode::Char('k')) {
        return Wish::Previous;
    }
    Wish::Redraw
}

#[cfg(test)]
mod tests {
    use ratatui::crossterm::event::KeyEvent;

    use super::*;

    #[test]
    fn knows_its_keys() {
        let typed = |code, modifiers| wish(&Event::Key(KeyEvent::new(code, modifiers)));
        for key in [KeyCode::Char('q'), KeyCode::Char('Q'), KeyCode::Esc] {
            assert_eq!(typed(key, KeyModifiers::NONE), Wish::Quit);
        }
        assert_eq!(typed(KeyCode::Char('c'), KeyModifiers::CONTROL), Wish::Quit);
        assert_eq!(typed(KeyCode::Char('c'), KeyModifiers::NONE), Wish::Redraw);
        assert_eq!(typed(KeyCode::Down, KeyModifiers::NONE), Wish::Next);
        assert_eq!(typed(KeyCode::Up, KeyModifiers::NONE), Wish::Previous);
        assert_eq!(wish(&Event::Resize(40, 10)), Wish::Redraw);
    }
}
