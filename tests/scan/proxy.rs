//! Something between the scan and the server: what is said of it, and what is learned all the same.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    process::{Command, Output, Stdio},
    sync::Arc,
    thread,
};

use rustls::{ServerConfig, ServerConnection, StreamOwned};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};

use super::{operator::development_pki, reference::start};

/// A listener whose every connection is served so.
fn serving(serve: impl Fn(TcpStream) + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let serve = Arc::new(serve);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let serve = Arc::clone(&serve);
            thread::spawn(move || serve(stream));
        }
    });
    address
}

/// Passes on what comes, and closes both ways once the server has said so many octets.
fn closing_after(server: String, octets: usize) -> String {
    serving(move |mut client| {
        let mut server = TcpStream::connect(&server).expect("it listens");
        let (mut from, mut to) = (
            client.try_clone().expect("a handle"),
            server.try_clone().expect("a handle"),
        );
        thread::spawn(move || std::io::copy(&mut from, &mut to));
        let mut left = octets;
        let mut buffer = [0; 1024];
        while left > 0 {
            let most = left.min(buffer.len());
            match server.read(&mut buffer[..most]) {
                Ok(0) | Err(_) => break,
                Ok(count) => {
                    left -= count;
                    let _ = client.write_all(&buffer[..count]);
                }
            }
        }
        let _ = client.shutdown(Shutdown::Both);
        let _ = server.shutdown(Shutdown::Both);
    })
}

/// Ends TLS itself with a certificate of its own, asks for none, and gives this answer.
fn ending_tls(answer: &'static [u8]) -> String {
    let own = development_pki();
    let file = |name: &str| own.file(name).expect(name).as_bytes();
    let chain = CertificateDer::pem_slice_iter(file("server.pem"))
        .collect::<Result<_, _>>()
        .expect("a chain");
    let key = PrivateKeyDer::from_pem_slice(file("server.key")).expect("a key");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .expect("a pair");
    let config = Arc::new(config);
    serving(move |stream| {
        let connection = ServerConnection::new(Arc::clone(&config)).expect("a server");
        let mut tls = StreamOwned::new(connection, stream);
        let _ = tls.read(&mut [0; 2048]);
        let _ = tls.write_all(answer);
        tls.conn.send_close_notify();
        let _ = tls.flush();
    })
}

fn scan(endpoint: &str, more: &[&str]) -> Output {
    let pki = development_pki();
    let folder = tempfile::tempdir().expect("a folder");
    pki.write_to(folder.path()).expect("writes");
    Command::new(env!("CARGO_BIN_EXE_gatecrash"))
        .args([
            "scan",
            endpoint,
            "--ca-cert",
            "ca.pem",
            "--ca-key",
            "ca.key",
        ])
        .args(["--timeout", "1", "--only", "control/*"])
        .args(more)
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .output()
        .expect("the program starts")
}

#[test]
fn what_stands_in_between_is_told_in_one_line() {
    let pki = development_pki();
    let (_runtime, server) = start(&pki);
    let connect: &[u8] = b"HTTP/1.1 405 Method Not Allowed\r\nConnection: close\r\n\r\n";
    let table: [(&str, String, i32, &str); 6] = [
        (
            "closes half way",
            closing_after(server.clone(), 1240),
            3,
            "closed half way, before a certificate was asked for",
        ),
        (
            "closes before the first octet",
            closing_after(server, 0),
            3,
            "closed before the server had said anything",
        ),
        (
            "wants CONNECT",
            serving(|mut stream| {
                let _ = stream.read(&mut [0; 512]);
                let _ = stream.write_all(connect);
            }),
            3,
            "does not speak TLS",
        ),
        (
            "wants CONNECT and says nothing",
            serving(|mut stream| {
                let _ = stream.read_to_end(&mut Vec::new());
            }),
            3,
            "no answer in time",
        ),
        (
            "ends TLS and does not reach the server",
            ending_tls(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"),
            2,
            "a proxy stands in between and does not reach the server behind it",
        ),
        (
            "ends TLS and shows no certificate to the server",
            ending_tls(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"),
            2,
            "may be a proxy that ends TLS before the server",
        ),
    ];
    for (name, endpoint, code, words) in table {
        let output = scan(&endpoint, &[]);
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        let errors: Vec<&str> = stderr
            .lines()
            .filter(|line| line.starts_with("error: "))
            .collect();
        assert_eq!(output.status.code(), Some(code), "{name}: {stderr}");
        assert_eq!(errors.len(), 1, "{name}: {stderr}");
        assert!(errors[0].contains(words), "{name}: {stderr}");
        assert!(stderr.contains("hint: "), "{name}: {stderr}");
    }
}

#[test]
fn a_proxy_that_lets_everybody_in_is_a_finding_with_what_it_showed() {
    let endpoint =
        ending_tls(b"HTTP/1.1 200 OK\r\nVia: 1.1 somebody\r\nContent-Length: 2\r\n\r\nok");
    let output = scan(&endpoint, &["--format", "json"]);
    assert_eq!(output.status.code(), Some(1));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let finding = &report["findings"][0];
    assert_eq!(finding["id"], "control/not-asked");
    let evidence = finding["evidence"].as_str().expect("text");
    assert!(evidence.contains("Via: 1.1 somebody"), "{evidence}");
    assert!(
        evidence.contains("it showed a certificate of"),
        "{evidence}"
    );
}
