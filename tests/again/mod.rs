//! The commands of findings, run as they are printed: what each shows must be what its finding says.

use std::{
    env, fs,
    io::Read as _,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use gatecrash::scan::Finding;

/// How long a command may take. A busy machine may be slow.
const PATIENCE: Duration = Duration::from_secs(240);

/// Findings of which a good answer is a refusal.
const REFUSED: &[&str] = &[
    "control/depth",
    "control/status-unknown",
    "control/crl-of-each-ca",
    "openapi/closed-though-open-declared",
    "openapi/good-refused",
    "openapi/or-enforced-as-and",
    "openapi/undeclared-certificate",
];

/// What is wrong with the command of a finding, where anything is.
pub(crate) fn complaint(
    finding: &Finding,
    folder: &Path,
    variables: &[(&str, &str)],
) -> Option<String> {
    let id = &finding.id;
    let Some(command) = &finding.again else {
        return Some(format!("{id}: there is no command"));
    };
    let said = run(command, folder, variables);
    let is_answered = ["HTTP/1.1 2", "HTTP/1.0 2", "HTTP/2 2"]
        .iter()
        .any(|line| said.contains(line));
    let is_right = if command.contains("gatecrash scan ") {
        said.contains(id.as_str())
    } else if command.contains("curl ") || command.contains("-quiet") {
        is_answered != REFUSED.contains(&id.as_str())
    } else {
        said.contains("Acceptable client certificate CA names")
    };
    (!is_right).then(|| format!("{id}: {command}\n{said}"))
}

/// What a command says when it is run in a folder, on both of its outputs.
fn run(command: &str, folder: &Path, variables: &[(&str, &str)]) -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_gatecrash"));
    let mut path = program.parent().expect("a folder").as_os_str().to_owned();
    path.push(":");
    path.push(env::var_os("PATH").unwrap_or_default());
    let said = folder.join("said");
    let file = fs::File::create(&said).expect("a file");
    let mut child = Command::new("sh")
        .args(["-c", command])
        .current_dir(folder)
        .env("PATH", path)
        .envs(variables.iter().copied())
        .stdin(Stdio::null())
        .stderr(file.try_clone().expect("a handle"))
        .stdout(file)
        .spawn()
        .expect("a shell");
    let deadline = Instant::now() + PATIENCE;
    while child.try_wait().expect("a child").is_none() && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(50));
    }
    let _ = child.kill();
    let _ = child.wait();
    let mut text = Vec::new();
    let mut file = fs::File::open(&said).expect("a file");
    file.read_to_end(&mut text).expect("reads");
    String::from_utf8_lossy(&text).into_owned()
}
