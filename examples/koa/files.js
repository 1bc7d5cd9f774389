// The files of a server, named by the environment: CERT, KEY, CA and, where
// there are any, CRL. PORT says where it listens, on the loopback and nowhere else.
'use strict';

const fs = require('node:fs');

/** What was given, read anew at each call, as options of `https.createServer`. */
function read() {
  const options = {
    key: fs.readFileSync(process.env.KEY),
    cert: fs.readFileSync(process.env.CERT),
    ca: fs.readFileSync(process.env.CA),
  };
  if (process.env.CRL) options.crl = blocks(fs.readFileSync(process.env.CRL, 'latin1'));
  return options;
}

/** One string a CRL: Node reads only the first of a file. */
function blocks(pem) {
  return pem.match(/-----BEGIN X509 CRL-----[^-]+-----END X509 CRL-----/g) ?? [];
}

/** Listens on the loopback, and says so. SIGHUP calls `reload`. */
function listen(server, reload) {
  process.on('SIGHUP', () => {
    reload?.();
    console.log('reloaded');
  });
  server.listen(Number(process.env.PORT), '127.0.0.1', () => {
    console.log(`listening on 127.0.0.1:${server.address().port}`);
  });
}

module.exports = { read, listen };
