//! A child process together with everything that it starts: a process group of
//! its own, which is ended as a whole.
//!
//! Ctrl-C at a terminal goes to the group of gatecrash alone, so that a child
//! which dies of it is never mistaken for one that crashed. What still runs when
//! gatecrash itself must end at once is ended by [`end_all`].

use std::{
    io,
    process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus},
    sync::{Mutex, MutexGuard, PoisonError},
};

/// The children that run, by their process ids.
static RUNNING: Mutex<Vec<u32>> = Mutex::new(Vec::new());

/// A child that leads a process group. It is ended when this is dropped.
#[derive(Debug)]
pub struct Group {
    child: Child,
    /// Once it has ended, its id may be that of another process.
    ended: Option<ExitStatus>,
}

impl Group {
    /// Starts the command.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn spawn(command: &mut Command) -> io::Result<Self> {
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(command, 0);
        let child = command.spawn()?;
        running().push(child.id());
        Ok(Self { child, ended: None })
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Its standard streams, as far as they are pipes and have not been taken yet.
    pub fn take_pipes(&mut self) -> (Option<ChildStdin>, Option<ChildStdout>, Option<ChildStderr>) {
        let child = &mut self.child;
        (child.stdin.take(), child.stdout.take(), child.stderr.take())
    }

    /// How it ended, where it has.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn try_wait(&mut self) -> io::Result<Option<ExitStatus>> {
        if self.ended.is_none() {
            self.ended = self.child.try_wait()?;
            if self.ended.is_some() {
                self.forget();
            }
        }
        Ok(self.ended)
    }

    /// Ends it and all that it started, unless it has ended by itself.
    pub fn end(&mut self) {
        if matches!(self.try_wait(), Ok(None)) {
            end_group(self.child.id());
            let _ = self.child.kill();
            self.ended = self.child.wait().ok();
            self.forget();
        }
    }

    fn forget(&self) {
        running().retain(|id| *id != self.child.id());
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.end();
    }
}

/// Ends every child that still runs, for a process that ends without leaving its functions.
pub fn end_all() {
    for id in running().drain(..) {
        end_group(id);
    }
}

fn running() -> MutexGuard<'static, Vec<u32>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(all(unix, feature = "server"))]
fn end_group(id: u32) {
    use rustix::process::{Pid, Signal, kill_process_group};
    if let Some(group) = i32::try_from(id).ok().and_then(Pid::from_raw) {
        // It may have ended meanwhile.
        let _ = kill_process_group(group, Signal::KILL);
    }
}

/// Without the calls of the system, the child alone is ended.
#[cfg(not(all(unix, feature = "server")))]
fn end_group(_: u32) {}

#[cfg(all(test, unix, feature = "server"))]
mod tests {
    use std::{
        fs,
        process::Stdio,
        thread,
        time::{Duration, Instant},
    };

    use super::*;

    /// Waits until no process of this id is left, zombies excepted.
    fn is_gone(id: &str) -> bool {
        let until = Instant::now() + Duration::from_secs(20);
        while Instant::now() < until {
            match fs::read_to_string(format!("/proc/{id}/stat")) {
                Ok(stat) if !stat.contains(") Z ") => thread::sleep(Duration::from_millis(5)),
                _ => return true,
            }
        }
        false
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn what_a_child_started_ends_with_it() {
        let mut command = Command::new("sh");
        command
            .args(["-c", "sleep 300 & echo $!; wait"])
            .stdout(Stdio::piped());
        let mut group = Group::spawn(&mut command).expect("a shell");
        let mut line = String::new();
        let (_, stdout, _) = group.take_pipes();
        let mut stdout = io::BufReader::new(stdout.expect("a pipe"));
        io::BufRead::read_line(&mut stdout, &mut line).expect("the id");
        assert!(matches!(group.try_wait(), Ok(None)));
        drop(group);
        assert!(is_gone(line.trim()), "{line}");
    }
}
