// The article's options with what they lack against revocation: the CRLs. SIGHUP reads them
// anew; a new context has new ticket keys, so no ticket outlives it.
'use strict';

const https = require('node:https');
const { open } = require('./app');
const { read, listen } = require('./files');

const fixed = {
  requestCert: true,
  rejectUnauthorized: true,
  minVersion: 'TLSv1.3',
};

const server = https.createServer({ ...read(), ...fixed }, open().callback());
listen(server, () => server.setSecureContext({ ...read(), ...fixed }));
