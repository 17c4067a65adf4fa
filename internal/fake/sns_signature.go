package fake

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"sync"
	"time"
)

// snsSigner signs SNS messages with a key of its own, made on first use.
// https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
type snsSigner struct {
	once sync.Once
	key  *rsa.PrivateKey
	cert []byte
}

func (s *snsSigner) ready() {
	s.once.Do(func() {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			panic("fake: no randomness for a key: " + err.Error())
		}
		t := &x509.Certificate{
			SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "sns.amazonaws.com"},
			NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1<<33, 0), DNSNames: []string{"sns.amazonaws.com"},
		}
		der, err := x509.CreateCertificate(rand.Reader, t, t, &key.PublicKey, key)
		if err != nil {
			panic("fake: the certificate cannot be made: " + err.Error())
		}
		s.key, s.cert = key, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	})
}

// SNSCertificate is the PEM certificate that SigningCertURL of the twin's
// messages names; a test gives it to the verifier in place of a download.
func (c *Cloud) SNSCertificate() []byte {
	c.sns.ready()
	return append([]byte{}, c.sns.cert...)
}

// SignSNS adds the signature members to a message as SNS would send it over
// HTTP. version is "1" (SHA-1) or "2" (SHA-256).
func (c *Cloud) SignSNS(region, version string, m map[string]string) map[string]string {
	return c.sns.sign(c.partition, region, version, m)
}

func (s *snsSigner) sign(partition, region, version string, m map[string]string) map[string]string {
	s.ready()
	members := []string{"Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"}
	if m["Type"] != "Notification" {
		members = []string{"Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"}
	}
	text := ""
	for _, k := range members {
		if v, ok := m[k]; ok {
			text += k + "\n" + v + "\n"
		}
	}
	kind, sum := crypto.SHA256, sha256.Sum256([]byte(text))
	digest := sum[:]
	if version == "1" {
		old := sha1.Sum([]byte(text))
		kind, digest = crypto.SHA1, old[:]
	}
	signature, err := rsa.SignPKCS1v15(rand.Reader, s.key, kind, digest)
	if err != nil {
		panic("fake: the message cannot be signed: " + err.Error())
	}
	suffix := "amazonaws.com"
	if partition == "aws-cn" {
		suffix = "amazonaws.com.cn"
	}
	out := mapsWith(m, "SignatureVersion", version)
	out["Signature"] = base64.StdEncoding.EncodeToString(signature)
	out["SigningCertURL"] = "https://sns." + region + "." + suffix + "/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem"
	return out
}
