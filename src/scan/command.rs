//! Commands with which an operator sees a finding again, without gatecrash's own client.

use std::net::IpAddr;

use super::{
    client::Request,
    endpoint::Endpoint,
    scene::{Files, Scene},
};
use crate::defect::{Defect, Position};

/// Probes that one command shows again, at most.
const MOST_PROBES: usize = 8;

/// Writes commands for one endpoint and its operator's files.
pub struct Commands<'a> {
    endpoint: &'a Endpoint,
    files: &'a Files,
    path: &'a str,
    /// Further paths of the scan.
    paths: &'a [String],
    headers: &'a [(String, String)],
    tokens: &'a [(String, String)],
}

impl Scene {
    /// Commands for this endpoint.
    pub fn commands(&self) -> Commands<'_> {
        Commands {
            endpoint: self.client.endpoint(),
            files: &self.wishes.files,
            path: &self.wishes.request.path,
            paths: &self.wishes.paths,
            headers: &self.wishes.request.headers,
            tokens: &self.wishes.tokens,
        }
    }
}

impl Commands<'_> {
    /// Mints a defect under the operator's CA and shows it with curl, or with openssl where curl would not.
    pub fn mint_and_curl(&self, defect: &Defect, position: Position) -> String {
        let Files {
            ca_cert,
            ca_key,
            template,
            ..
        } = self.files;
        let mut command = format!(
            "gatecrash mint {} --position {position} --out ./here --ca-cert {} --ca-key {}",
            defect.id,
            word(ca_cert),
            word(ca_key)
        );
        if let Some(template) = template {
            // Without its key: the mint draws one, which defects of keys need.
            command.push_str(&format!(" --template {}", word(template)));
        }
        command.push_str(" && ");
        let shown = ("./here/hostile/chain.pem", "./here/hostile/key.pem");
        // curl refuses to load weak keys itself, whatever the server would say.
        command.push_str(&match defect.id.family() {
            "keys" | "signature" => self.ask_with_openssl(shown),
            _ => self.curl(Some(shown)),
        });
        command
    }

    /// Asks with curl, with a certificate or without one.
    pub fn curl(&self, shown: Option<(&str, &str)>) -> String {
        let url = word(&self.endpoint.url(self.path));
        match shown {
            Some((chain, key)) => {
                format!(
                    "curl -sSki --cert {} --key {}{} {url}",
                    word(chain),
                    word(key),
                    self.with_headers("-H")
                )
            }
            None => format!("curl -sSki{} {url}", self.with_headers("-H")),
        }
    }

    /// The operator's headers as this option, each with a space before it. What they hold may be
    /// secret, and is left to variables of the shell by their names.
    fn with_headers(&self, option: &str) -> String {
        let names = self.headers.iter().map(|(name, _)| name);
        names
            .map(|name| format!(" {option} {}", hidden(name)))
            .collect()
    }

    /// Asks under another name of the same server, without a certificate.
    pub fn curl_as(&self, name: &str) -> String {
        let port = self.endpoint.port();
        let host = self.endpoint.host_header_of(name);
        let url = word(&format!("https://{host}{}", self.path));
        let headers = self.with_headers("-H");
        let address = self
            .endpoint
            .addresses()
            .first()
            .map(|address| address.ip());
        match address {
            Some(IpAddr::V6(ip)) => {
                format!("curl -sSki --resolve {name}:{port}:[{ip}]{headers} {url}")
            }
            Some(ip) => format!("curl -sSki --resolve {name}:{port}:{ip}{headers} {url}"),
            None => format!("curl -sSki{headers} {url}"),
        }
    }

    /// Asks for a path with curl, without a certificate.
    pub fn curl_path(&self, method: &str, path: &str) -> String {
        let url = word(&self.endpoint.url(path));
        let headers = self.with_headers("-H");
        match method {
            "GET" => format!("curl -sSki{headers} {url}"),
            "HEAD" => format!("curl -skI{headers} {url}"),
            method => format!("curl -ski -X {method}{headers} {url}"),
        }
    }

    /// Asks with openssl, at a level that lets it show any key.
    fn ask_with_openssl(&self, (chain, key): (&str, &str)) -> String {
        let authority = self.endpoint.authority();
        format!(
            "{} | openssl s_client -connect {authority} -cipher DEFAULT@SECLEVEL=0 -cert {chain} -cert_chain {chain} -key {key} -quiet -ign_eof",
            self.piped_request()
        )
    }

    /// The request, as something that another command reads.
    fn piped_request(&self) -> String {
        let (host, path) = (self.endpoint.host_header(), self.path);
        let head = format!("GET {path} HTTP/1.1\\r\\nHost: {host}\\r\\n").replace('%', "%%");
        let end = "Connection: close\\r\\n\\r\\n";
        if self.headers.is_empty() {
            return format!("(printf {}; sleep 1)", word(&format!("{head}{end}")));
        }
        let own = self.headers.iter().map(|(name, _)| {
            let header = hidden(name);
            format!("printf '%s\\r\\n' {header}; ")
        });
        let own: String = own.collect();
        format!(
            "(printf {}; {own}printf {}; sleep 1)",
            word(&head),
            word(end)
        )
    }

    /// Shows probes again with this program: what no other client can do, or what needs the
    /// operator's own commands, which are taken back afterwards.
    pub fn scan_only(&self, ids: &[String]) -> String {
        let Files {
            ca_cert,
            ca_key,
            template,
            template_key,
            revoked_cert,
            revoked_key,
            crls,
            options,
        } = self.files;
        let url = self.endpoint.url(self.path);
        let mut words = vec!["gatecrash scan".to_owned(), word(&url)];
        let mut add = |option: &str, value: &str| words.push(format!("{option} {}", word(value)));
        add("--ca-cert", ca_cert);
        add("--ca-key", ca_key);
        let further = [
            ("--template", template),
            ("--template-key", template_key),
            ("--revoked-cert", revoked_cert),
            ("--revoked-key", revoked_key),
        ];
        for (option, file) in further {
            if let Some(file) = file {
                add(option, file);
            }
        }
        for crl in crls {
            words.push(format!("--crl {}", word(crl)));
        }
        words.extend(options.iter().cloned());
        if !self.paths.is_empty() {
            // The first one counts before that of the URL.
            let paths = [self.path]
                .into_iter()
                .chain(self.paths.iter().map(String::as_str));
            words.extend(paths.map(|path| format!("--path {}", word(path))));
        }
        let headers = self.headers.iter();
        words.extend(headers.map(|(name, _)| format!("--header {}", hidden(name))));
        let tokens = self.tokens.iter();
        words.extend(tokens.map(|(name, _)| format!("--token \"{name}=${}\"", variable(name))));
        let only = |id: &String| format!("--only {}", word(id));
        words.extend(ids.iter().take(MOST_PROBES).map(only));
        words.join(" ")
    }

    /// Asks as this request does. What headers of the operator hold is left to variables of the
    /// shell by their names: it may be secret.
    pub fn curl_request(
        &self,
        request: &Request,
        shown: Option<(&str, &str)>,
        open: &[&str],
    ) -> String {
        let mut words = vec!["curl -sSki --path-as-is".to_owned()];
        match request.method.as_str() {
            "GET" => {}
            "HEAD" => words.push("-I".to_owned()),
            method => words.push(format!("-X {method}")),
        }
        if let Some((chain, key)) = shown {
            words.push(format!("--cert {} --key {}", word(chain), word(key)));
        }
        for (name, value) in &request.headers {
            words.push(match open.contains(&name.as_str()) {
                true => format!("-H {}", word(&format!("{name}: {value}"))),
                false => format!("-H {}", hidden(name)),
            });
        }
        words.push(word(&self.endpoint.url(&request.path)));
        words.join(" ")
    }

    /// Chain and key of the good certificate, where they are the operator's files.
    pub fn good(&self) -> Option<(&str, &str)> {
        self.files
            .template
            .as_deref()
            .zip(self.files.template_key.as_deref())
    }

    /// Begins a session with openssl, showing nothing, and resumes it.
    pub fn resume_with_openssl(&self, version: &str) -> String {
        let authority = self.endpoint.authority();
        let visit = |session: &str| {
            format!(
                "{} | openssl s_client -connect {authority} {version} {session} ./session.pem -quiet",
                self.piped_request()
            )
        };
        format!("{}; {}", visit("-sess_out"), visit("-sess_in"))
    }

    /// Mints a good chain with an intermediate below the CA, and shows it with curl.
    pub fn deeper_with_curl(&self) -> String {
        let (ca, key) = (word(&self.files.ca_cert), word(&self.files.ca_key));
        let twin = ("./here/twin/chain.pem", "./here/twin/key.pem");
        format!(
            "gatecrash mint validity/expired --position intermediate --out ./here --ca-cert {ca} --ca-key {key} && {}",
            self.curl(Some(twin))
        )
    }

    /// Makes a certificate for another name with openssl alone, and shows it.
    pub fn stranger_with_openssl(&self, name: &str) -> String {
        let (ca, key) = (word(&self.files.ca_cert), word(&self.files.ca_key));
        format!(
            "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -CA {ca} -CAkey {key} -days 1 \
             -subj /CN={name} -addext basicConstraints=critical,CA:false -addext keyUsage=critical,digitalSignature \
             -addext extendedKeyUsage=clientAuth -keyout stranger.key -out stranger.pem && cat {ca} >>stranger.pem && {}",
            self.curl(Some(("stranger.pem", "stranger.key")))
        )
    }

    /// Shakes hands with openssl, with these options further.
    pub fn s_client(&self, options: &str) -> String {
        let authority = self.endpoint.authority();
        let options = match options {
            "" => String::new(),
            options => format!(" {options}"),
        };
        format!("openssl s_client -connect {authority}{options} </dev/null")
    }
}

/// A header whose value is left to a variable of the shell.
fn hidden(name: &str) -> String {
    format!("\"{name}: ${}\"", variable(name))
}

/// The variable of the shell that goes by a name.
fn variable(name: &str) -> String {
    let fits = |letter: char| match letter.is_ascii_alphanumeric() {
        true => letter.to_ascii_uppercase(),
        false => '_',
    };
    name.chars().map(fits).collect()
}

/// A word of a shell's command line.
pub fn word(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:=,+@%".contains(&byte);
    match !text.is_empty() && text.bytes().all(plain) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', "'\\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_a_shell_would_read_are_quoted() {
        for (text, quoted) in [
            ("ca.pem", "ca.pem"),
            ("my ca.pem", "'my ca.pem'"),
            ("it's", "'it'\\''s'"),
            ("", "''"),
            ("https://h:1/a?b&c", "'https://h:1/a?b&c'"),
        ] {
            assert_eq!(word(text), quoted);
        }
    }
}
