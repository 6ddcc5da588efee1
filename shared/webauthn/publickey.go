package webauthn

import (
	"bytes"
	"math/big"
	"slices"

	"filippo.io/edwards25519"
	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncbor"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"
)

// The bounds of an RSA key: the exponent as FIPS 186-5 §A.1.1 has it and as
// crypto/rsa can use it.
const (
	minModulusBits = 2048
	maxModulusBits = 4096
	minExponent    = 1<<16 + 1
	maxExponent    = 1<<31 - 1
)

// checkPublicKey accepts a COSE_Key that was offered, is sound, and is encoded
// as §6.5.1.1 demands: canonical CBOR, "alg" present, no optional parameter.
// It runs before a key is stored and again whenever one is used.
func checkPublicKey(cose []byte) error {
	var header webauthncose.PublicKeyData
	if err := webauthncbor.Unmarshal(cose, &header); err != nil {
		return refuse(BadKey, "the public key is not a COSE_Key")
	}
	algorithm := webauthncose.COSEAlgorithmIdentifier(header.Algorithm)
	offered := func(p protocol.CredentialParameter) bool { return p.Algorithm == algorithm }
	if !slices.ContainsFunc(offeredParameters, offered) {
		return refuse(UnsupportedAlgorithm, "the algorithm of the public key was not offered")
	}
	key, err := webauthncose.ParsePublicKey(cose)
	if err != nil {
		return refuse(BadKey, "the public key does not fit its algorithm")
	}
	// webauthncose reads the parameters that it knows; encoding these again
	// shows whether there were others, such as a private key.
	canonical, err := webauthncbor.Marshal(key)
	if err != nil || !bytes.Equal(canonical, cose) {
		return refuse(BadKey, "the public key is not canonical or has parameters besides the required ones")
	}
	if !soundKey(key, algorithm) {
		return refuse(BadKey, "the public key is weak or does not fit its algorithm")
	}
	return nil
}

// soundKey checks what webauthncose leaves out of its key types. It has found
// P-256 points to be on their curve.
func soundKey(key any, algorithm webauthncose.COSEAlgorithmIdentifier) bool {
	switch key := key.(type) {
	case webauthncose.EC2PublicKeyData:
		return key.Curve == int64(webauthncose.P256)
	case webauthncose.OKPPublicKeyData:
		return key.Curve == int64(webauthncose.Ed25519) && soundEd25519(key.XCoord)
	case webauthncose.RSAPublicKeyData:
		return algorithm == webauthncose.AlgRS256 && soundRSA(key)
	}
	return false
}

// soundEd25519 refuses what is not on the curve, not reduced, or of small
// order: such a key has signatures that verify for many messages.
func soundEd25519(encoded []byte) bool {
	point, err := new(edwards25519.Point).SetBytes(encoded)
	if err != nil || !bytes.Equal(point.Bytes(), encoded) {
		return false
	}
	return new(edwards25519.Point).MultByCofactor(point).Equal(edwards25519.NewIdentityPoint()) != 1
}

func soundRSA(key webauthncose.RSAPublicKeyData) bool {
	modulus, exponent := new(big.Int).SetBytes(key.Modulus), new(big.Int).SetBytes(key.Exponent)
	minimal := bytes.Equal(modulus.Bytes(), key.Modulus) && bytes.Equal(exponent.Bytes(), key.Exponent)
	sized := modulus.BitLen() >= minModulusBits && modulus.BitLen() <= maxModulusBits && modulus.Bit(0) == 1
	return minimal && sized && exponent.IsInt64() && exponent.Bit(0) == 1 &&
		exponent.Int64() >= minExponent && exponent.Int64() <= maxExponent
}
