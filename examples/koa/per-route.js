// Certificates by route, the only way that Node has: anybody may finish a handshake, and routes
// ask `req.client.authorized`. A resumed TLS 1.3 session without a certificate says true.
'use strict';

const https = require('node:https');
const { perRoute } = require('./app');
const { read, listen } = require('./files');

const fixed = { requestCert: true, rejectUnauthorized: false, minVersion: 'TLSv1.2' };

const server = https.createServer({ ...read(), ...fixed }, perRoute().callback());
listen(server, () => server.setSecureContext({ ...read(), ...fixed }));
