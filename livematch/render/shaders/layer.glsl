// One of the pictures, once for each: LAYER stands for its name. Which planes it has is settled when
// the program is built, so that no fragment asks.
in vec2 LAYER_uv;
uniform sampler2D LAYER_first; // luma, or the whole picture
#ifdef LAYER_YUV
uniform sampler2D LAYER_chroma;
uniform vec2 LAYER_luma;   // scale, offset
uniform vec4 LAYER_matrix; // v to red, u to green, v to green, u to blue
#endif

vec3 LAYER() {
#ifdef LAYER_YUV
    return from_yuv(texture(LAYER_first, LAYER_uv).r, texture(LAYER_chroma, LAYER_uv).rg,
                    LAYER_luma, LAYER_matrix);
#elif defined(LAYER_YCOCG)
    return from_ycocg(texture(LAYER_first, LAYER_uv));
#elif defined(LAYER_ALPHA)
    vec4 texel = texture(LAYER_first, LAYER_uv);
    return texel.rgb * texel.a; // over black
#else
    return texture(LAYER_first, LAYER_uv).rgb;
#endif
}
