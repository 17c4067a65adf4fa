package audit

import (
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
)

// Signer signs checkpoints and case files with one Ed25519 key (RFC 8032).
type Signer struct{ private ed25519.PrivateKey }

// ParseSigner reads a private key: Ed25519, PKCS #8, PEM, as
// `openssl genpkey -algorithm ed25519` writes it. No part of the key is in the
// error.
func ParseSigner(text []byte) (*Signer, error) {
	block, _ := pem.Decode(text)
	if block == nil || block.Type != "PRIVATE KEY" {
		return nil, errors.New("audit.signing_key is no private key: expected PKCS #8 in PEM, which begins with -----BEGIN PRIVATE KEY-----")
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, errors.New("audit.signing_key is no private key: its PKCS #8 cannot be read")
	}
	private, ok := key.(ed25519.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("audit.signing_key is a %T: expected Ed25519 (openssl genpkey -algorithm ed25519)", key)
	}
	return &Signer{private}, nil
}

// Public is the key that proves what the signer has signed.
func (s *Signer) Public() PublicKey { return PublicKey(s.private.Public().(ed25519.PublicKey)) }

func (s *Signer) sign(text []byte) Signature {
	p := s.Public()
	return Signature{Key: p.Fingerprint(), PublicKey: p, Value: ed25519.Sign(s.private, text)}
}

// PublicKey is an Ed25519 public key, 32 bytes.
type PublicKey []byte

// ParsePublicKey reads a public key: Ed25519, PKIX, PEM, as
// `zesei checkpoint key` and `openssl pkey -pubout` write it.
func ParsePublicKey(text []byte) (PublicKey, error) {
	block, _ := pem.Decode(text)
	if block == nil || block.Type != "PUBLIC KEY" {
		return nil, errors.New("expected a public key in PEM, which begins with -----BEGIN PUBLIC KEY-----")
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("reading a public key: %w", err)
	}
	p, ok := key.(ed25519.PublicKey)
	if !ok {
		return nil, fmt.Errorf("it is a %T: expected Ed25519", key)
	}
	return PublicKey(p), nil
}

// PEM writes the key as PKIX in PEM.
func (p PublicKey) PEM() ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(ed25519.PublicKey(p))
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), nil
}

// Fingerprint names the key: SHA-256 over its 32 bytes.
func (p PublicKey) Fingerprint() string {
	sum := sha256.Sum256(p)
	return "SHA256:" + base64.RawStdEncoding.EncodeToString(sum[:])
}

// Signature is an Ed25519 signature with the key that proves it. Whether that
// key is to be trusted, the file that holds it cannot say.
type Signature struct {
	Key       string    `json:"key"` // fingerprint
	PublicKey PublicKey `json:"public_key"`
	Value     []byte    `json:"value"`
}

func (s Signature) check(text []byte) error {
	switch {
	case len(s.PublicKey) != ed25519.PublicKeySize:
		return errors.New("the public key is not 32 bytes long")
	case s.PublicKey.Fingerprint() != s.Key:
		return fmt.Errorf("the public key has the fingerprint %s, not %s", s.PublicKey.Fingerprint(), s.Key)
	case !ed25519.Verify(ed25519.PublicKey(s.PublicKey), text, s.Value):
		return fmt.Errorf("the signature of key %s does not fit", s.Key)
	}
	return nil
}
