/** HPACK: field compression for HTTP/2 (RFC 7541), both directions, for tool makers. */

export { HpackDecoder, type HpackDecoderOptions } from './decoder.js'
export { fieldBytesMax, HPACK_BEGIN_BYTES_MAX, HpackEncoder, type HpackEncoderOptions } from './encoder.js'
export { HpackFault, type HpackFaultText, hpackFaults } from './faults.js'
export { HUFFMAN_EOS, HUFFMAN_PADDING, huffmanDecode, huffmanOctetsMax, huffmanSize, huffmanWrite } from './huffman.js'
export { type HpackClassify } from './static-kinds.js'
