// The messages of textflix.proto that the checks need, as structs with protobuf's tags: enough for
// the reflection of Debian's protobuf package, so that no compiler of protobuf is needed.
// Fields that no check looks at are left out; they are skipped in reading.
package main

import "fmt"

type ClassifyRequest struct {
	Model string   `protobuf:"bytes,1,opt,name=model,proto3"`
	Texts []string `protobuf:"bytes,2,rep,name=texts,proto3"`
}

// RawRequest is a ClassifyRequest whose texts need not be UTF-8.
type RawRequest struct {
	Model string   `protobuf:"bytes,1,opt,name=model,proto3"`
	Texts [][]byte `protobuf:"bytes,2,rep,name=texts,proto3"`
}

// MalformedRequest has a number where the texts belong.
type MalformedRequest struct {
	Texts uint64 `protobuf:"varint,2,opt,name=texts,proto3"`
}

type ClassifyResponse struct {
	Results  []*Classification `protobuf:"bytes,1,rep,name=results,proto3"`
	Model    string            `protobuf:"bytes,2,opt,name=model,proto3"`
	Revision string            `protobuf:"bytes,3,opt,name=revision,proto3"`
}

type Classification struct {
	Label       string   `protobuf:"bytes,1,opt,name=label,proto3"`
	Probability float32  `protobuf:"fixed32,2,opt,name=probability,proto3"`
	Scores      []*Score `protobuf:"bytes,3,rep,name=scores,proto3"`
	Tokens      uint32   `protobuf:"varint,4,opt,name=tokens,proto3"`
	Code        int32    `protobuf:"varint,8,opt,name=code,proto3"`
	Error       string   `protobuf:"bytes,9,opt,name=error,proto3"`
}

type Score struct {
	Label       string  `protobuf:"bytes,1,opt,name=label,proto3"`
	Probability float32 `protobuf:"fixed32,2,opt,name=probability,proto3"`
	Logit       float32 `protobuf:"fixed32,3,opt,name=logit,proto3"`
}

type TokenizeResponse struct {
	Results []*Tokens `protobuf:"bytes,1,rep,name=results,proto3"`
}

type Tokens struct {
	IDs []uint32 `protobuf:"varint,1,rep,packed,name=ids,proto3"`
}

type StatusRequest struct{}

type StatusResponse struct {
	Version   string         `protobuf:"bytes,1,opt,name=version,proto3"`
	ProcessID uint32         `protobuf:"varint,4,opt,name=process_id,proto3"`
	Models    []*ModelStatus `protobuf:"bytes,5,rep,name=models,proto3"`
}

type ModelStatus struct {
	Name string `protobuf:"bytes,1,opt,name=name,proto3"`
}

func (m *ClassifyRequest) Reset()  { *m = ClassifyRequest{} }
func (m *RawRequest) Reset()       { *m = RawRequest{} }
func (m *MalformedRequest) Reset() { *m = MalformedRequest{} }
func (m *ClassifyResponse) Reset() { *m = ClassifyResponse{} }
func (m *Classification) Reset()   { *m = Classification{} }
func (m *Score) Reset()            { *m = Score{} }
func (m *TokenizeResponse) Reset() { *m = TokenizeResponse{} }
func (m *Tokens) Reset()           { *m = Tokens{} }
func (m *StatusRequest) Reset()    { *m = StatusRequest{} }
func (m *StatusResponse) Reset()   { *m = StatusResponse{} }
func (m *ModelStatus) Reset()      { *m = ModelStatus{} }

func (m *ClassifyRequest) String() string  { return fmt.Sprintf("%+v", *m) }
func (m *RawRequest) String() string       { return fmt.Sprintf("%+v", *m) }
func (m *MalformedRequest) String() string { return fmt.Sprintf("%+v", *m) }
func (m *ClassifyResponse) String() string { return fmt.Sprintf("%+v", *m) }
func (m *Classification) String() string   { return fmt.Sprintf("%+v", *m) }
func (m *Score) String() string            { return fmt.Sprintf("%+v", *m) }
func (m *TokenizeResponse) String() string { return fmt.Sprintf("%+v", *m) }
func (m *Tokens) String() string           { return fmt.Sprintf("%+v", *m) }
func (m *StatusRequest) String() string    { return fmt.Sprintf("%+v", *m) }
func (m *StatusResponse) String() string   { return fmt.Sprintf("%+v", *m) }
func (m *ModelStatus) String() string      { return fmt.Sprintf("%+v", *m) }

func (*ClassifyRequest) ProtoMessage()  {}
func (*RawRequest) ProtoMessage()       {}
func (*MalformedRequest) ProtoMessage() {}
func (*ClassifyResponse) ProtoMessage() {}
func (*Classification) ProtoMessage()   {}
func (*Score) ProtoMessage()            {}
func (*TokenizeResponse) ProtoMessage() {}
func (*Tokens) ProtoMessage()           {}
func (*StatusRequest) ProtoMessage()    {}
func (*StatusResponse) ProtoMessage()   {}
func (*ModelStatus) ProtoMessage()      {}
