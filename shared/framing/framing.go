// Package framing joins byte strings so that no two lists of them look alike:
// it is what signatures, digests and keyed hashes of several parts are made over.
package framing

import "encoding/binary"

// Append appends each part to message, with its length in four bytes, big
// endian, in front.
func Append(message []byte, parts ...[]byte) []byte {
	for _, part := range parts {
		message = binary.BigEndian.AppendUint32(message, uint32(len(part)))
		message = append(message, part...)
	}
	return message
}
