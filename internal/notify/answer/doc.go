// Package answer does what people answer to messages: a press of a button, a form
// that they fill in, words that they write under a message.
//
// Everything that comes in carries ids and nothing that is believed: who the
// person is, what they may do, which plan or wish is meant and how it stands is
// looked up then. An act is committed by casework before the service is
// acknowledged, once however often it is delivered; what only the one who asked
// reads (a form that opens, a word of refusal) follows the acknowledgement and may
// get lost. Who tried to approve without the role leaves a row in the audit chain.
//
// The package holds no layout of messages (package notify and notify/slack) and no
// rule of what may become of a case (package casefile). Texts stand in words.yaml,
// in Japanese and English.
package answer
