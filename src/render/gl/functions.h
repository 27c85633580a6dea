/* The OpenGL functions that the renderer calls, loaded for one context. */
#ifndef CALO_RENDER_GL_FUNCTIONS_H
#define CALO_RENDER_GL_FUNCTIONS_H

#include <calotype/gl.h>

#include <GL/glcorearb.h>

/* Of OpenGL 3.3 core. */
#define CALO_GLR_FUNCTIONS(X)                                                                                      \
    X(ACTIVETEXTURE, ActiveTexture) X(ATTACHSHADER, AttachShader) X(BEGINQUERY, BeginQuery)                        \
    X(BINDBUFFER, BindBuffer) X(BINDBUFFERBASE, BindBufferBase) X(BINDBUFFERRANGE, BindBufferRange)                \
    X(BINDFRAMEBUFFER, BindFramebuffer) X(BINDRENDERBUFFER, BindRenderbuffer) X(BINDSAMPLER, BindSampler)          \
    X(BINDTEXTURE, BindTexture) X(BINDVERTEXARRAY, BindVertexArray) X(BLENDFUNC, BlendFunc)                        \
    X(BLITFRAMEBUFFER, BlitFramebuffer) X(BUFFERDATA, BufferData) X(BUFFERSUBDATA, BufferSubData)                  \
    X(CHECKFRAMEBUFFERSTATUS, CheckFramebufferStatus) X(CLEARBUFFERFV, ClearBufferfv)                              \
    X(CLEARBUFFERUIV, ClearBufferuiv) X(CLIENTWAITSYNC, ClientWaitSync) X(COMPILESHADER, CompileShader)            \
    X(CREATEPROGRAM, CreateProgram) X(CREATESHADER, CreateShader) X(DELETEBUFFERS, DeleteBuffers)                  \
    X(DELETEFRAMEBUFFERS, DeleteFramebuffers) X(DELETEPROGRAM, DeleteProgram) X(DELETEQUERIES, DeleteQueries)      \
    X(DELETERENDERBUFFERS, DeleteRenderbuffers) X(DELETESAMPLERS, DeleteSamplers) X(DELETESHADER, DeleteShader)    \
    X(DELETESYNC, DeleteSync) X(DELETETEXTURES, DeleteTextures) X(DELETEVERTEXARRAYS, DeleteVertexArrays)          \
    X(DEPTHFUNC, DepthFunc) X(DISABLE, Disable) X(DRAWARRAYS, DrawArrays) X(DRAWBUFFERS, DrawBuffers)              \
    X(DRAWELEMENTSINSTANCED, DrawElementsInstanced) X(ENABLE, Enable)                                              \
    X(ENABLEVERTEXATTRIBARRAY, EnableVertexAttribArray) X(ENDQUERY, EndQuery) X(FENCESYNC, FenceSync)              \
    X(FLUSH, Flush) X(FRAMEBUFFERRENDERBUFFER, FramebufferRenderbuffer)                                            \
    X(FRAMEBUFFERTEXTURE2D, FramebufferTexture2D) X(FRAMEBUFFERTEXTURELAYER, FramebufferTextureLayer)              \
    X(FRONTFACE, FrontFace) X(GENBUFFERS, GenBuffers) X(GENFRAMEBUFFERS, GenFramebuffers)                          \
    X(GENQUERIES, GenQueries) X(GENRENDERBUFFERS, GenRenderbuffers) X(GENSAMPLERS, GenSamplers)                    \
    X(GENTEXTURES, GenTextures) X(GENVERTEXARRAYS, GenVertexArrays) X(GETERROR, GetError)                          \
    X(GETINTEGERV, GetIntegerv) X(GETPROGRAMINFOLOG, GetProgramInfoLog) X(GETPROGRAMIV, GetProgramiv)              \
    X(GETQUERYOBJECTUIV, GetQueryObjectuiv) X(GETSHADERINFOLOG, GetShaderInfoLog) X(GETSHADERIV, GetShaderiv)      \
    X(GETSTRINGI, GetStringi) X(GETUNIFORMBLOCKINDEX, GetUniformBlockIndex)                                        \
    X(GETUNIFORMLOCATION, GetUniformLocation) X(LINKPROGRAM, LinkProgram) X(MAPBUFFERRANGE, MapBufferRange)        \
    X(PIXELSTOREI, PixelStorei) X(READBUFFER, ReadBuffer) X(READPIXELS, ReadPixels)                                \
    X(RENDERBUFFERSTORAGE, RenderbufferStorage) X(RENDERBUFFERSTORAGEMULTISAMPLE, RenderbufferStorageMultisample)  \
    X(SAMPLERPARAMETERI, SamplerParameteri) X(SHADERSOURCE, ShaderSource) X(TEXBUFFER, TexBuffer)                  \
    X(TEXIMAGE2D, TexImage2D) X(TEXIMAGE3D, TexImage3D) X(TEXPARAMETERI, TexParameteri)                            \
    X(TEXSUBIMAGE2D, TexSubImage2D) X(UNIFORM1F, Uniform1f) X(UNIFORM1I, Uniform1i) X(UNIFORM1UI, Uniform1ui)      \
    X(UNIFORMBLOCKBINDING, UniformBlockBinding) X(UNMAPBUFFER, UnmapBuffer) X(USEPROGRAM, UseProgram)              \
    X(VERTEXATTRIBDIVISOR, VertexAttribDivisor) X(VERTEXATTRIBIPOINTER, VertexAttribIPointer)                      \
    X(VERTEXATTRIBPOINTER, VertexAttribPointer) X(VIEWPORT, Viewport)

typedef struct calo_glr_functions {
#define CALO_GLR_MEMBER(TYPE, name) PFNGL##TYPE##PROC name;
    CALO_GLR_FUNCTIONS(CALO_GLR_MEMBER)
#undef CALO_GLR_MEMBER
    PFNGLCLIPCONTROLPROC ClipControl; /* NULL before 4.5 without ARB_clip_control */
} calo_glr_functions;

/* Called where the context is current. */
calo_status calo_glr_functions_load(calo_gl_context *context, calo_glr_functions *gl, calo_error *err);

#endif
