// The server of the article, option for option. `verify` is never called:
// Node knows no such option, so any certificate of the CA is let in.
'use strict';

const https = require('node:https');
const { open } = require('./app');
const { read, listen } = require('./files');

const { key, cert, ca } = read();
const options = {
  key,
  cert,
  ca,
  requestCert: true,
  rejectUnauthorized: true,
  ciphers: [
    'TLS_AES_256_GCM_SHA384',
    'TLS_CHACHA20_POLY1305_SHA256',
    'TLS_AES_128_GCM_SHA256',
  ].join(':'),
  minVersion: 'TLSv1.3',
  honorCipherOrder: true,
};

options.verify = (cert, issuer) => {
  console.error('verify was called');
  return issuer && issuer.subject && issuer.subject.CN === 'My Trusted CA';
};

listen(https.createServer(options, open().callback()));
