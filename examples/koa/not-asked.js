// A CA is given, and no certificate is ever asked for.
'use strict';

const https = require('node:https');
const { open } = require('./app');
const { read, listen } = require('./files');

listen(https.createServer({ ...read(), requestCert: false }, open().callback()));
