//! Who compiles a module: this process, or one of its own that can be stopped.
//!
//! A compiler cannot be interrupted, and a module can be made to keep it busy, or to have it take
//! all memory there is. Where modules come from others each is therefore compiled by a process of
//! its own: ended when it takes too long or too much or nobody waits for it any more, and in the
//! way of nobody meanwhile. [`Program`] says which; [`answer`] is what that process does.

use std::io::{self, Read as _, Write as _};
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;

use rustix::process::{Resource, Rlimit, setrlimit};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, Command};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use wasmparser::{Parser, Payload};
use wasmtime::Engine;

use super::prepare::PrepareError;
use super::{engine, lane, limits};
use crate::Error;

/// A program that calls [`answer`], and the arguments that have it do so.
#[derive(Clone, Debug)]
pub struct Program {
    /// Its file.
    pub file: PathBuf,
    /// What it is called with.
    pub arguments: Vec<String>,
}

/// How [`answer`] leaves when the module does not compile: what it wrote says why.
const REFUSED: i32 = 1;

/// Compiles modules, a few side by side.
pub(super) struct Compiler {
    /// None: this process.
    pub(super) apart: Option<Program>,
    /// Bounds the memory that compilers take.
    places: Arc<Semaphore>,
}

impl Compiler {
    pub(super) fn here() -> Self {
        Self {
            apart: None,
            places: Arc::new(Semaphore::new(limits::COMPILERS_MAX)),
        }
    }

    /// The machine code of a module, as wasmtime serialises it.
    ///
    /// Dropping the future ends a process; a thread of this one ends alone, and holds its place
    /// until then.
    ///
    /// # Errors
    /// [`PrepareError`] when the module does not compile within its bounds.
    pub(super) async fn compile(
        &self,
        engine: &Engine,
        bytes: Arc<[u8]>,
    ) -> Result<Vec<u8>, PrepareError> {
        let place = Arc::clone(&self.places).acquire_owned().await;
        let place = place.expect("the semaphore is never closed");
        let work = async {
            match &self.apart {
                Some(program) => {
                    let compiled = apart(program, &bytes).await;
                    drop(place);
                    compiled
                }
                None => {
                    let engine = engine.clone();
                    let work = tokio::task::spawn_blocking(move || {
                        let compiled = machine_code(&engine, &bytes);
                        drop(place);
                        compiled
                    });
                    let panicked = |panicked| failed(format!("the compiler panicked: {panicked}"));
                    work.await.map_err(panicked)?
                }
            }
        };
        timeout(limits::COMPILE_TIME_MAX, work)
            .await
            .unwrap_or(Err(PrepareError::TooSlow))
    }
}

/// Has a process compile a module.
async fn apart(program: &Program, bytes: &[u8]) -> Result<Vec<u8>, PrepareError> {
    let unreachable = |error| {
        failed(format!(
            "no compiler at {}: {error}",
            program.file.display()
        ))
    };
    let mut child = Command::new(&program.file)
        .args(&program.arguments)
        // It needs nothing of this one's, secrets least of all.
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(unreachable)?;
    let (code, status) = converse(&mut child, bytes).await.map_err(unreachable)?;
    match status.code() {
        Some(0) if code.len() as u64 <= limits::CODE_BYTES_MAX => Ok(code),
        Some(0) => Err(PrepareError::Invalid(format!(
            "its machine code has more than {} bytes",
            limits::CODE_BYTES_MAX
        ))),
        Some(REFUSED) => Err(PrepareError::Invalid(
            String::from_utf8_lossy(&code).into_owned(),
        )),
        _ => Err(PrepareError::CompilerEnded(status)),
    }
}

/// Tells a compiler the module and hears what it says of it.
async fn converse(child: &mut Child, bytes: &[u8]) -> io::Result<(Vec<u8>, ExitStatus)> {
    let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
    let (Some(mut stdin), Some(stdout)) = (stdin, stdout) else {
        return Err(io::ErrorKind::BrokenPipe.into());
    };
    let telling = async {
        // One that stops listening says why by how it ends.
        let _ = stdin.write_all(bytes).await;
        drop(stdin);
    };
    let mut code = Vec::new();
    let mut stdout = stdout.take(limits::CODE_BYTES_MAX + 1);
    let ((), heard) = tokio::join!(telling, stdout.read_to_end(&mut code));
    heard?;
    if code.len() as u64 > limits::CODE_BYTES_MAX {
        child.start_kill()?;
        child.wait().await?;
        return Ok((code, ExitStatus::default()));
    }
    Ok((code, child.wait().await?))
}

fn failed(why: String) -> PrepareError {
    PrepareError::Store(Error::Sandbox(why))
}

/// Compiles what comes by standard input and writes the machine code, or why there is none, to
/// standard output: what a [`Program`] does. False when there is none.
///
/// # Errors
/// When this process can neither be bounded nor read and write.
pub fn answer() -> io::Result<bool> {
    let address_space = Rlimit {
        current: Some(limits::COMPILER_BYTES_MAX),
        maximum: Some(limits::COMPILER_BYTES_MAX),
    };
    setrlimit(Resource::As, address_space)?;
    lane::be_nice();
    let mut bytes = Vec::new();
    let bytes_max = limits::MODULE_BYTES_MAX as u64;
    io::stdin().take(bytes_max).read_to_end(&mut bytes)?;
    let engine = engine::for_compiling().map_err(io::Error::other)?;
    let (said, compiled) = match machine_code(&engine, &bytes) {
        Ok(code) => (code, true),
        Err(PrepareError::Invalid(why)) => (why.into_bytes(), false),
        Err(other) => (other.to_string().into_bytes(), false),
    };
    io::stdout().write_all(&said)?;
    io::stdout().flush()?;
    Ok(compiled)
}

/// Validates and compiles.
fn machine_code(engine: &Engine, bytes: &[u8]) -> Result<Vec<u8>, PrepareError> {
    let code = if Parser::is_component(bytes) {
        engine.precompile_component(bytes)
    } else if carries_component_type(bytes) {
        engine.precompile_component(&componentize(bytes)?)
    } else {
        engine.precompile_module(bytes)
    };
    code.map_err(super::prepare::invalid)
}

/// Whether a core module says, as `wit-bindgen` makes it say, which component it is.
fn carries_component_type(bytes: &[u8]) -> bool {
    // What does not parse is left for the compiler to complain of.
    Parser::new(0)
        .parse_all(bytes)
        .map_while(Result::ok)
        .any(|payload| match payload {
            Payload::CustomSection(section) => section.name().starts_with("component-type"),
            _ => false,
        })
}

/// Wraps such a core module into the component it is.
fn componentize(bytes: &[u8]) -> Result<Vec<u8>, PrepareError> {
    let encoder = wit_component::ComponentEncoder::default().validate(false);
    encoder
        .module(bytes)
        .and_then(|mut encoder| encoder.encode())
        .map_err(|error| PrepareError::Invalid(format!("{error:#}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What becomes of a module whose compiler is this script.
    async fn compiled_by(script: &str) -> Result<Vec<u8>, PrepareError> {
        let compiler = Compiler {
            apart: Some(Program {
                file: "/bin/sh".into(),
                arguments: vec!["-c".to_owned(), script.to_owned()],
            }),
            ..Compiler::here()
        };
        let engine = engine::for_compiling().unwrap();
        // More than a pipe holds, so that who does not read it is noticed.
        compiler.compile(&engine, vec![0; 1 << 20].into()).await
    }

    #[tokio::test]
    async fn a_compiler_apart_says_what_it_finds() {
        let code = compiled_by("cat >/dev/null; printf code").await;
        assert_eq!(code.unwrap(), b"code");
        let refused = compiled_by("printf 'a reason'; exit 1").await;
        let refused = refused.unwrap_err().to_string();
        assert_eq!(refused, "not a valid module: a reason");
        let ended = compiled_by("kill -ABRT $$").await.unwrap_err();
        assert!(matches!(ended, PrepareError::CompilerEnded(_)), "{ended}");
    }

    // Time moves by itself while nothing else does: five minutes are over at once.
    #[tokio::test(start_paused = true)]
    async fn a_compiler_apart_is_ended_when_it_takes_too_long() {
        let slow = compiled_by("exec sleep 1000").await.unwrap_err();
        assert!(matches!(slow, PrepareError::TooSlow), "{slow}");
    }
}
